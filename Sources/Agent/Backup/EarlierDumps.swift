// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3

/// The finished dumps of an earlier attempt of the same run, proved anew before they count again.
struct EarlierDumps: Sendable {
    private static let proofWidth = 8

    let client: S3Client

    /// Those of `record` whose every object is in the bucket with the recorded length.
    ///
    /// - Throws: `S3Error` where the store does not say: what cannot be proved is not known to be lost either.
    func proved(in record: ConfigurationRecord) async throws -> [DumpRecord] {
        var proved: [DumpRecord] = []
        for dump in record.dumps where dump.status.isUsable && !dump.parts.isEmpty {
            let present = try await onEvery(dump.parts, width: Self.proofWidth) { try await isPresent($0) }
            if present.allSatisfy({ $0 }) { proved.append(dump) }
        }
        return proved
    }

    private func isPresent(_ part: DumpPartRecord) async throws -> Bool {
        guard try await client.head(part.headerKey) != nil else { return false }
        if let dataKey = part.dataKey {
            return try await client.head(dataKey)?.byteCount == part.byteCount
        }
        let blocks = try await client.list(prefix: blockPrefix(of: part)).objects
        return blocks.count == part.blockCount
            && blocks.map(\.byteCount).reduce(0, +) == part.byteCount
    }

    /// `…f00000001-filestart` gives `…f00000001-b`.
    private func blockPrefix(of part: DumpPartRecord) -> String {
        part.headerKey.replacing("-filestart", with: "-b")
    }
}
