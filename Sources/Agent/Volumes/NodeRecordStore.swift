// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3

/// The node's records of runs, in the bucket.
struct NodeRecordStore: Sendable {
    private static let byteCountLimit = 64 << 20

    let client: S3Client
    let layout: BucketLayout

    func write(_ record: NodeRecord) async throws {
        let key = layout.nodeRecord(record.run, node: record.node)
        _ = try await client.put(key, WireJSON.document(record))
    }

    /// Writes a record that nobody lets us look for: only where there is none.
    ///
    /// - Throws: `refusal` where there is one.
    func create(_ record: NodeRecord, besides refusal: S3Error) async throws {
        let key = layout.nodeRecord(record.run, node: record.node)
        do {
            _ = try await client.put(key, WireJSON.document(record), condition: .ifAbsent)
        } catch S3Error.preconditionFailed {
            throw refusal
        }
    }

    /// - Returns: nil where there is definitely none.
    func read(_ run: RunName, node: String) async throws -> NodeRecord? {
        let key = layout.nodeRecord(run, node: node)
        do {
            let (bytes, _) = try await client.get(key, limit: Self.byteCountLimit)
            return try WireJSON.read(from: bytes, what: key)
        } catch S3Error.notFound {
            return nil
        }
    }
}
