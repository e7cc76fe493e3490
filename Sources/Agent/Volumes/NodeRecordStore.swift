// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3

/// The node's records of runs, in the bucket.
struct NodeRecordStore: Sendable {
    private static let byteCountLimit = 64 << 20

    /// Indented for people while it is small. What reads it has a limit: its notes have one too.
    private static func document(_ record: NodeRecord) throws -> [UInt8] {
        let indented = try WireJSON.document(record.bounded)
        return indented.count <= 1 << 20 ? indented : try WireJSON.line(record.bounded)
    }

    let client: S3Client
    let layout: BucketLayout

    func write(_ record: NodeRecord) async throws {
        let key = layout.nodeRecord(record.run, node: record.node)
        _ = try await client.put(key, Self.document(record))
    }

    /// Writes a record that nobody lets us look for: only where there is none.
    ///
    /// - Throws: `refusal` where there is one.
    func create(_ record: NodeRecord, besides refusal: S3Error) async throws {
        let key = layout.nodeRecord(record.run, node: record.node)
        do {
            _ = try await client.put(key, Self.document(record), condition: .ifAbsent)
        } catch S3Error.preconditionFailed {
            throw refusal
        }
    }

    /// - Returns: nil where there is definitely none.
    /// - Throws: `WireJSONError` for what is none or is too long, `S3Error`.
    func read(_ run: RunName, node: String) async throws -> NodeRecord? {
        let key = layout.nodeRecord(run, node: node)
        do {
            let (bytes, _) = try await client.get(key, limit: Self.byteCountLimit)
            return try WireJSON.read(from: bytes, what: key)
        } catch S3Error.notFound {
            return nil
        } catch S3Error.tooLong(_, let limit) {
            throw WireJSONError(what: key, longerThan: limit)
        }
    }
}
