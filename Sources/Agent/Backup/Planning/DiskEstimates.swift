// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// Finds out how large dumps would become, where the catalog does not know: GNU tar walks the disk and reads no file.
struct DiskEstimates: Sendable {
    private static let width = 2

    let prepared: PreparedConfiguration
    let run: Datestamp
    /// tar's excludes and snapshots lie there meanwhile.
    let workDirectory: String

    /// Sizes of the disks that need a look. One that cannot be looked at does not keep the others from it.
    ///
    /// - Throws: `CancellationError`.
    func look(_ requests: [EstimateRequest]) async throws -> [DiskName: SizeEstimate] {
        let limits = EstimateLimits(seconds: prepared.configuration.estimateTimeoutSeconds)
        let found = try await onEvery(requests.filter(\.needsWalk), width: Self.width) { request in
            (request.name, try await look(request, limits))
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    private func look(_ request: EstimateRequest, _ limits: EstimateLimits) async throws -> SizeEstimate {
        guard let entry = prepared.entries.first(where: { $0.name == request.name }) else {
            return .failed("it is not in the disklist")
        }
        var sizes: [Int: Int64] = [:]
        for level in request.levels where level.historicBytes == nil {
            do {
                let estimator = DumpEstimator(
                    DumpSource(
                        host: entry.host, dle: DLEDescription(entry, level: level.level),
                        device: entry.directory, workDirectory: workDirectory))
                sizes[level.level] = try await estimator.byteCount(within: limits.next())
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                return .failed("\(error)")
            }
        }
        return .sizes(sizes)
    }
}

/// How long estimates may take, as `etimeout` says. Source: amanda.conf(5).
struct EstimateLimits: Sendable {
    private let each: Duration?
    private let end: ContinuousClock.Instant

    /// - Parameter seconds: of each estimate; negative: of all of them together.
    init(seconds: Int) {
        each = seconds >= 0 ? .seconds(seconds) : nil
        end = .now + .seconds(abs(seconds))
    }

    func next() -> Duration { each ?? max(.zero, end - .now) }
}
