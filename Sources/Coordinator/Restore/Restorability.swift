// SPDX-License-Identifier: Apache-2.0

internal import AgentAPI
internal import AmandaFormat

/// Whether a node's data of a run can still be had: its volumes must still bear the run's datestamp.
public enum Restorability: Sendable, Equatable {
    case restorable
    /// A volume was taken for a newer run, or is gone.
    case overwritten(String)
    /// The store did not say; that is no proof of absence.
    case unknown(String)

    /// - Parameter headers: what lies where each volume's label was, by the volume's prefix; nil inside: nothing.
    static func of(_ record: NodeRecord, headers: [String: Result<VolumeHeader?, WireError>]) -> Restorability
    {
        for configuration in record.configurations {
            for volume in configuration.volumes {
                switch headers[volume.prefix] {
                case nil: return .unknown("volume '\(volume.label)' was not looked at")
                case .failure(let error): return .unknown("volume '\(volume.label)': \(error.message)")
                case .success(nil):
                    return .overwritten("volume '\(volume.label)' is gone from '\(volume.prefix)'")
                case .success(let header?):
                    guard header.label == volume.label,
                        header.datestamp?.description == (volume.run ?? record.run).digits
                    else {
                        let now = header.datestamp.map { "run \($0)" } ?? "no run"
                        return .overwritten(
                            header.label == volume.label
                                ? "volume '\(volume.label)' now holds \(now)"
                                : "volume '\(volume.label)' is now '\(header.label)', with \(now)")
                    }
                }
            }
        }
        return .restorable
    }
}

/// Reads the volumes' labels, each once.
actor VolumeReader {
    private let bucket: ClusterBucket
    private var headers: [String: Result<VolumeHeader?, WireError>] = [:]

    init(_ bucket: ClusterBucket) {
        self.bucket = bucket
    }

    func restorability(of record: NodeRecord) async -> Restorability {
        var found: [String: Result<VolumeHeader?, WireError>] = [:]
        for volume in record.configurations.flatMap(\.volumes) {
            found[volume.prefix] = await header(volume)
        }
        return Restorability.of(record, headers: found)
    }

    private func header(_ volume: VolumeRecord) async -> Result<VolumeHeader?, WireError> {
        guard volume.bucket == bucket.bucket else {
            return .failure(WireError(.failed, "it lies in bucket '\(volume.bucket)'"))
        }
        if let known = headers[volume.prefix] { return known }
        let found: Result<VolumeHeader?, WireError>
        do {
            found = .success(try await bucket.volumeHeader(volume))
        } catch {
            found = .failure(WireError(describing: error))
        }
        headers[volume.prefix] = found
        return found
    }
}
