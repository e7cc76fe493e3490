// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3
import Volumes

/// The cluster's own objects in the bucket, as values (Docs/FORMATS.md, "JSON of ours").
struct ClusterBucket: Sendable {
    /// Our JSON documents are small; a node record names every object of a run: some 100,000 parts fit.
    static let documentLimit = 24 << 20

    let client: S3Client
    let layout: BucketLayout
    let bucket: String
    /// Shared by all that write into this bucket.
    var conditions = StoreConditions()

    /// A document and the object that holds it, for replacing just that one.
    struct Stored<Value: Sendable>: Sendable {
        var value: Value
        var object: S3KnownObject

        var entityTag: String { object.version.etag }
    }

    /// Nil on a definite 404 only; any other failure is thrown, a document that is too long as one that cannot be read.
    func read<Value: Codable & Sendable>(
        _ type: Value.Type, _ key: String
    ) async throws -> Stored<Value>? {
        do {
            do {
                return try await read(key, limit: LargeDocuments.smallByteCount)
            } catch S3Error.tooLong {
                return try await LargeDocuments.shared.inTurn {
                    try await read(key, limit: Self.documentLimit)
                }
            }
        } catch S3Error.notFound {
            return nil
        } catch S3Error.tooLong(_, let limit) {
            throw WireJSONError(what: "'\(key)'", longerThan: limit)
        }
    }

    private func read<Value: Codable & Sendable>(_ key: String, limit: Int) async throws -> Stored<Value> {
        let (bytes, version) = try await client.get(key, limit: limit)
        let value = try WireJSON.read(Value.self, from: bytes, what: "'\(key)'")
        return Stored(value: value, object: S3KnownObject(bytes: bytes, version: version))
    }

    /// - Returns: nil when the condition does not hold.
    /// - Throws: `S3Error.noConditionalWrites` where the store knows no conditions.
    func write<Value: Codable & Sendable>(
        _ value: Value, _ key: String, _ condition: WriteCondition
    ) async throws -> Stored<Value>? {
        let bytes = try WireJSON.document(value)
        do {
            let version = try await client.put(key, bytes, condition: condition)
            return Stored(value: value, object: S3KnownObject(bytes: bytes, version: version))
        } catch S3Error.preconditionFailed {
            return nil
        }
    }

    /// Replaces the very object that was read or written.
    ///
    /// - Returns: nil when somebody has changed it.
    /// - Throws: `S3Error.noConditionalWrites` where the store knows no conditions.
    func replace<Value: Codable & Sendable>(
        _ stored: Stored<Value>, with value: Value, _ key: String
    ) async throws -> Stored<Value>? {
        let bytes = try WireJSON.document(value)
        do {
            let version = try await client.replace(key, stored.object, with: bytes)
            return Stored(value: value, object: S3KnownObject(bytes: bytes, version: version))
        } catch S3Error.preconditionFailed {
            return nil
        }
    }

    /// Nil on a definite 404 only.
    ///
    /// - Throws: `ForeignManifest` where another run's lies there; what `read` throws.
    func manifest(_ run: RunName) async throws -> Stored<RunManifest>? {
        let key = layout.manifest(run)
        guard let stored = try await read(RunManifest.self, key) else { return nil }
        guard stored.value.run == run else { throw ForeignManifest(key: key, run: stored.value.run) }
        return stored
    }

    /// A node's own word of its part in a run; nil on a definite 404 only.
    ///
    /// - Throws: `ForeignRecord` where another's lies there; what `read` throws.
    func nodeRecord(_ run: RunName, node: String) async throws -> NodeRecord? {
        let key = layout.nodeRecord(run, node: node)
        guard let record = try await read(NodeRecord.self, key)?.value else { return nil }
        guard record.node == node, record.run == run else {
            throw ForeignRecord(key: key, node: record.node, run: record.run)
        }
        return record
    }

    /// Every run that left anything, oldest first. A request and 16 KB for 1,000 names; whatever else lies there costs its request alone.
    func runs() async throws -> [RunName] {
        var names: [RunName] = []
        try await client.forEachPage(
            prefix: layout.runs, delimiter: "/", atMost: S3Client.listingLimit
        ) { page in
            names += page.commonPrefixes.compactMap { prefix in
                RunName(String(prefix.dropFirst(layout.runs.count).dropLast()))
            }
        }
        return names.sorted()
    }

    /// Asks what is left of a volume.
    func proof(of volume: VolumeRecord) -> VolumeProof {
        VolumeProof(client: client, keys: ObjectKeys(slotPrefix: volume.prefix))
    }

    /// The label object of a volume; nil where there is none.
    func volumeHeader(_ volume: VolumeRecord) async throws -> VolumeHeader? {
        try await proof(of: volume).label()
    }
}
