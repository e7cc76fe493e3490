// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3

/// Documents that are written on condition for safety only: who may write them is the lease's question, or the operator's who says
/// `--no-lease`. Where the store cannot do it, they are written without, after a look: the one place that decides so.
extension ClusterBucket {
    /// Writes a document that is not there yet.
    ///
    /// - Returns: nil where there is one.
    func create<Value: Codable & Sendable>(_ value: Value, _ key: String) async throws -> Stored<Value>? {
        try await careful(
            isAsExpected: { try await client.head(key) == nil },
            onCondition: { try await write(value, key, .ifAbsent) },
            without: { try await write(value, key, .none) })
    }

    /// Writes a document in place of the one that was read or written.
    ///
    /// - Returns: nil where somebody has changed it.
    func change<Value: Codable & Sendable>(
        _ stored: Stored<Value>, to value: Value, _ key: String
    ) async throws -> Stored<Value>? {
        try await careful(
            isAsExpected: { try await client.holds(key, stored.object.bytes) },
            onCondition: { try await replace(stored, with: value, key) },
            without: { try await write(value, key, .none) })
    }

    /// An object that is no document; nil on a definite 404 only.
    func object(_ key: String, limit: Int) async throws -> S3KnownObject? {
        do {
            let (bytes, version) = try await client.get(key, limit: limit)
            return S3KnownObject(bytes: bytes, version: version)
        } catch let error as S3Error {
            if case .notFound = error { return nil }
            throw error
        }
    }

    /// Writes such an object in place of the one that was found.
    ///
    /// - Parameter found: nil: there was none.
    /// - Returns: nil where somebody has changed it since.
    func put(_ bytes: [UInt8], _ key: String, over found: S3KnownObject?) async throws -> S3KnownObject? {
        try await careful(
            isAsExpected: {
                if let found { return try await client.holds(key, found.bytes) }
                return try await client.head(key) == nil
            },
            onCondition: {
                do {
                    let version =
                        if let found {
                            try await client.replace(key, found, with: bytes)
                        } else {
                            try await client.put(key, bytes, condition: .ifAbsent)
                        }
                    return S3KnownObject(bytes: bytes, version: version)
                } catch S3Error.preconditionFailed {
                    return nil
                }
            },
            without: { S3KnownObject(bytes: bytes, version: try await client.put(key, bytes)) })
    }

    /// A condition that the store was not proved to keep is doubled by a look, before and where it is called unmet. A refusal that may
    /// be one of the condition is tried without: if that is refused too, its reason is the true one.
    private func careful<Written: Sendable>(
        isAsExpected: () async throws -> Bool,
        onCondition: () async throws -> Written?, without: () async throws -> Written?
    ) async throws -> Written? {
        if !conditions.areKept {
            guard try await isAsExpected() else { return nil }
        }
        guard !conditions.areMissing else { return try await without() }
        let fault: String
        do {
            if let written = try await onCondition() { return written }
            guard !conditions.areKept else { return nil }
            fault = ConditionFault.unmet.text
        } catch let error as S3Error where error.mayBeOfCondition {
            fault = "\(error)"
        }
        guard try await isAsExpected() else { return nil }
        let written = try await without()
        conditions.noteMissing(fault)
        return written
    }
}
