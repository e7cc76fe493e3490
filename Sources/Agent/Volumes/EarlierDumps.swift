// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files
import Planning
import S3

/// The finished dumps of an earlier attempt of the same run, proved anew before they count again.
struct EarlierDumps: Sendable {
    private static let proofWidth = 8

    let run: Datestamp
    /// Makes a client for a volume.
    let client: @Sendable (VolumeRecord) throws -> S3Client

    /// Those of `record` whose every part lies on a volume that still is this run's, with the recorded length; and those
    /// volumes.
    ///
    /// - Throws: `S3Error` where the store does not say: what cannot be proved is not known to be lost either.
    func proved(in record: ConfigurationRecord) async throws -> (dumps: [DumpRecord], volumes: [VolumeRecord])
    {
        let volumes = try await ownVolumes(of: record)
        let places = Dictionary(volumes.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        var proved: [DumpRecord] = []
        for dump in record.dumps where dump.status.isUsable && !dump.parts.isEmpty {
            let present = try await onEvery(dump.parts, width: Self.proofWidth) { part in
                guard let volume = places[part.label] else { return false }
                return try await isPresent(part, on: volume)
            }
            if present.allSatisfy({ $0 }) { proved.append(dump) }
        }
        let labels = Set(proved.flatMap(\.parts).map(\.label))
        return (proved, volumes.filter { labels.contains($0.label) })
    }

    private func ownVolumes(of record: ConfigurationRecord) async throws -> [VolumeRecord] {
        let access = VolumeAccess(client: client)
        var volumes: [VolumeRecord] = []
        for volume in record.volumes {
            guard case .labelled(let header) = try await access.label(of: volume),
                header.label == volume.label, header.datestamp == run
            else { continue }
            volumes.append(volume)
        }
        return volumes
    }

    private func isPresent(_ part: DumpPartRecord, on volume: VolumeRecord) async throws -> Bool {
        if volume.directory != nil {
            return try await runBlocking("volume") {
                let whole = part.byteCount + Int64(DirectoryFiles.headerByteCount)
                return try FileSystem.status(part.headerKey)?.byteCount == whole
            }
        }
        let client = try client(volume)
        guard try await client.head(part.headerKey) != nil else { return false }
        if let dataKey = part.dataKey { return try await client.head(dataKey)?.byteCount == part.byteCount }
        let blocks = try await client.list(prefix: blockPrefix(of: part)).objects
        return blocks.count == part.blockCount
            && blocks.map(\.byteCount).reduce(0, +) == part.byteCount
    }

    /// `…f00000001-filestart` gives `…f00000001-b`.
    private func blockPrefix(of part: DumpPartRecord) -> String {
        part.headerKey.replacing("-filestart", with: "-b")
    }
}
