// SPDX-License-Identifier: Apache-2.0

extension S3Client {
    /// Reads an object where a refusal may mean that there is none.
    ///
    /// AWS answers the read of a missing key with 403 unless the caller may list it: by the policy that grants `s3:ListBucket` under a
    /// condition on `s3:prefix` that is not certain. A listing of that very key is: who may ask for it learns whether the object is there.
    /// Source: "GetObject" in the S3 API reference, "Permissions"; what stores make of the condition differs.
    ///
    /// - Parameter once: one read of `key`; asked a second time where the object turns out to be there, for it may just have come.
    /// - Throws: `S3Error.notFound` where there definitely is none; the refusal where it is there, or nobody can tell.
    func reading<Value>(_ key: String, _ once: () async throws -> Value) async throws -> Value {
        do {
            return try await once()
        } catch let refusal as S3Error where refusal.isDenial {
            switch try await isListed(key) {
            case .some(true): return try await once()
            case .some(false):
                throw S3Error.notFound(call(S3Request(action: "GetObject", method: "GET", key: key)))
            case nil: throw refusal
            }
        }
    }

    /// Whether a listing has the object; nil: this caller may not list it.
    private func isListed(_ key: String) async throws -> Bool? {
        do {
            // Of all keys that begin with it the key itself comes first.
            return try await list(prefix: key, limit: 1).objects.first?.key == key
        } catch let error as S3Error where !error.isUnreachable {
            return nil
        }
    }
}

extension S3Error {
    /// The caller may not do this; perhaps it only may not know that there is nothing to do it to.
    public var isDenial: Bool {
        if case .accessDenied = self { true } else { false }
    }

    /// The object is kept from the caller, in the archive, or damaged where it lies: another attempt would meet the same.
    public var isLasting: Bool {
        switch self {
        case .accessDenied, .archived, .corruptObject: true
        default: false
        }
    }
}
