// SPDX-License-Identifier: Apache-2.0

extension S3Client {
    /// Whether the store honours `If-None-Match` and `If-Match` on writes; without them no lease is safe.
    ///
    /// Writes and removes an object under `prefix` that nobody else uses.
    public func supportsConditionalWrites(prefix: String) async throws -> Bool {
        let key = "\(prefix)conditional-write-probe-\(UInt64.random(in: 0...UInt64.max))"
        let isSupported: Bool
        do {
            let first = try await put(key, Array("1".utf8), condition: .ifAbsent)
            let refusesPresent = try await isRefused(key, .ifAbsent)
            let refusesOther = try await isRefused(key, .ifMatch("0\(first.etag)"))
            isSupported = refusesPresent && refusesOther
        } catch S3Error.refused(_, 501, _, _) {
            isSupported = false
        } catch {
            // A task of its own outlives the cancellation that may have brought us here.
            await Task { try? await delete(key) }.value
            throw error
        }
        try await delete(key)
        return isSupported
    }

    private func isRefused(_ key: String, _ condition: WriteCondition) async throws -> Bool {
        do {
            _ = try await put(key, Array("2".utf8), condition: condition)
            return false
        } catch S3Error.preconditionFailed {
            return true
        }
    }
}
