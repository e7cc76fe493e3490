// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import LogOutput
import Logging
import Planning

/// Finds out how large dumps would become, where the catalog does not know: GNU tar walks the disk and reads no file.
struct DiskEstimates: Sendable {
    private static let width = 2

    let prepared: PreparedConfiguration
    let run: Datestamp
    /// tar's excludes and snapshots lie there meanwhile.
    let workDirectory: String
    /// Whether the scripts of the estimate run: not where nothing is to be changed.
    let runsScripts: Bool
    let logger: Logger

    /// Sizes of the disks that need a look. One that cannot be looked at does not keep the others from it.
    ///
    /// - Throws: `CancellationError`.
    func look(_ requests: [EstimateRequest]) async throws -> [DiskName: SizeEstimate] {
        let limits = EstimateLimits(seconds: prepared.configuration.estimateTimeoutSeconds)
        let wanted = requests.filter(\.needsWalk)
        let scripts = runsScripts ? RunScripts(prepared, run, wanted.map(\.name), logger: logger) : nil
        guard let scripts, !scripts.runner.schedule.isEmpty else { return try await look(wanted, limits) }
        return try await scripts.aroundEstimate { before in
            try await onEveryDisk(wanted) { request, entry in
                try await scripts.estimate(entry, levels: request.levels.map(\.level), after: before) {
                    try await look(request, entry, limits)
                }
            }
        }
    }

    private func look(
        _ requests: [EstimateRequest], _ limits: EstimateLimits
    ) async throws -> [DiskName: SizeEstimate] {
        try await onEveryDisk(requests) { try await look($0, $1, limits) }
    }

    private func onEveryDisk(
        _ requests: [EstimateRequest],
        _ look: @escaping @Sendable (EstimateRequest, DisklistEntry) async throws -> SizeEstimate
    ) async throws -> [DiskName: SizeEstimate] {
        let found = try await onEvery(requests, width: Self.width) { request in
            guard let entry = prepared.entry(request.name) else {
                return (request.name, SizeEstimate.failed("it is not in the disklist"))
            }
            if let refusal = prepared.refusals[request.name]?.first {
                return (request.name, SizeEstimate.failed(refusal.message))
            }
            return (request.name, try await look(request, entry))
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    private func look(
        _ request: EstimateRequest, _ entry: DisklistEntry, _ limits: EstimateLimits
    ) async throws -> SizeEstimate {
        var sizes: [Int: Int64] = [:]
        for level in request.levels where level.historicBytes == nil {
            do {
                let estimator = DumpEstimator(
                    DumpSource(
                        host: entry.host, dle: DLEDescription(entry, level: level.level),
                        device: entry.directory, base: .highest, workDirectory: workDirectory),
                    logger: logger.with(["disk": "\(entry.diskName)"]))
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
