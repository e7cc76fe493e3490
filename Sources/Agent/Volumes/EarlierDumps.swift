// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning
import S3

/// The finished dumps of an earlier attempt of the same run, proved anew before they count again.
struct EarlierDumps: Sendable {
    let run: Datestamp
    /// Makes a client for a volume.
    let client: @Sendable (VolumeRecord) throws -> S3Client

    /// Those of `record` whose every part lies on a volume that still is this run's, with the recorded length; and those
    /// volumes.
    ///
    /// - Throws: `S3Error` where the store does not say: what cannot be proved is not known to be lost either.
    func proved(in record: ConfigurationRecord) async throws -> (dumps: [DumpRecord], volumes: [VolumeRecord])
    {
        let access = VolumeAccess(client: client)
        let dumps = record.dumps.filter { $0.status.isUsable && !$0.parts.isEmpty }
        var present: [String: [UInt32: StoredFile]] = [:]
        for volume in record.volumes {
            guard try await access.isUnchanged(volume, since: run) else { continue }
            let numbers = dumps.flatMap(\.parts).filter { $0.label == volume.label }.compactMap(\.place.file)
            present[volume.label] = try await access.files(numbers, of: volume)
        }
        let proved = dumps.filter { dump in
            dump.parts.allSatisfy { part in
                let file = part.place.file.flatMap { present[part.label]?[$0] }
                return file.map { $0.fault(expecting: part.byteCount) == nil } ?? false
            }
        }
        let labels = Set(proved.flatMap(\.parts).map(\.label))
        return (proved, record.volumes.filter { labels.contains($0.label) })
    }
}
