// SPDX-License-Identifier: Apache-2.0

/// An object of which the caller knows what it holds: to be replaced as just that one.
public struct S3KnownObject: Sendable, Hashable {
    /// All of it.
    public let bytes: [UInt8]

    /// The version that held them.
    public let version: S3ObjectVersion

    /// As it was read, or as it was written.
    public init(bytes: [UInt8], version: S3ObjectVersion) {
        self.bytes = bytes
        self.version = version
    }
}

/// Why a store cannot keep two writers apart.
public enum ConditionFault: Sendable, Hashable {
    /// It takes no such header; what it said.
    case refused(String)

    /// It takes a write whose condition does not hold.
    case ignored

    /// It calls an object present that is not there.
    case unmet

    /// It calls an object changed that nobody has changed; the entity tag as it gave it, empty: none.
    case entityTag(String)
}

extension S3Client {
    /// Replaces an object by `bytes`, unless somebody has changed it.
    ///
    /// Content decides who has changed what. Where a condition is unmet and the object still holds what is known, its entity tag
    /// is another one than was given with the write (some stores, and proxies on the way): it is replaced under that one.
    ///
    /// - Throws: `S3Error.preconditionFailed` if it was changed or is gone; `.noConditionalWrites` if the store refuses its own tag.
    public func replace(
        _ key: String, _ known: S3KnownObject, with bytes: [UInt8]
    ) async throws -> S3ObjectVersion {
        var version = known.version
        for _ in 0..<3 {
            if !version.etag.isEmpty {
                do {
                    return try await put(key, bytes, condition: .ifMatch(version.etag))
                } catch S3Error.preconditionFailed {}
            }
            guard let present = try await self.version(of: key, holding: known.bytes) else {
                throw S3Error.preconditionFailed(call(writing: key))
            }
            version = present
            if version.etag.isEmpty { break }
        }
        throw S3Error.noConditionalWrites(call(writing: key), .entityTag(version.text))
    }

    /// Tries at an object that is there whether the store refuses writes whose condition does not hold.
    ///
    /// - Parameter decoy: what is written, and must never be seen: other bytes than are there, and others for each of the
    ///   two rounds, since what lies there afterwards says whether an attempt without an answer was taken.
    /// - Returns: false where it keeps conditions, but the object had gone: the decoy lies there now.
    /// - Throws: `S3Error.noConditionalWrites` where it took what it must refuse, twice.
    public func proveConditions(
        _ key: String, _ version: S3ObjectVersion, decoy: (_ round: Int) throws -> [UInt8]
    ) async throws -> Bool {
        var isTaken = false
        for round in 0..<2 {
            let bytes = try decoy(round)
            if try await isRefused(key, bytes, .ifAbsent),
                try await isRefused(key, bytes, .ifMatch("0\(version.etag)"))
            {
                return !isTaken
            }
            isTaken = true
        }
        throw S3Error.noConditionalWrites(call(writing: key), .ignored)
    }

    private func call(writing key: String) -> S3Call {
        call(S3Request(action: "PutObject", method: "PUT", key: key))
    }

    /// Whether the object holds exactly `bytes`.
    public func holds(_ key: String, _ bytes: [UInt8]) async throws -> Bool {
        try await version(of: key, holding: bytes) != nil
    }

    private func isRefused(_ key: String, _ bytes: [UInt8], _ condition: WriteCondition) async throws -> Bool
    {
        do {
            _ = try await put(key, bytes, condition: condition)
            return false
        } catch S3Error.preconditionFailed {
            return true
        }
    }

    /// The object's version if it holds exactly `bytes`; nil: something else, or nothing.
    func version(of key: String, holding bytes: [UInt8]) async throws -> S3ObjectVersion? {
        do {
            let (present, version) = try await get(key, limit: bytes.count)
            return present == bytes ? version : nil
        } catch S3Error.tooLong {
            return nil
        } catch S3Error.notFound {
            return nil
        }
    }
}

extension S3Error {
    /// A refusal that may be one of the condition and not of the write: stores and proxies that do not know these headers say so in
    /// many ways. Whether it was, the same write without a condition tells.
    public var mayBeOfCondition: Bool {
        switch self {
        case .noConditionalWrites: true
        case .accessDenied(let call): call.action == "PutObject"
        case .refused(let call, let status, _):
            call.action == "PutObject" && [400, 403, 405, 501].contains(status)
        default: false
        }
    }
}

extension ServiceFault {
    /// The store, or a proxy before it, says that it does not know the header of a condition.
    ///
    /// 501 NotImplemented is what S3 defines for a header that it does not know; others cite the header under 400, 403 or 405.
    var refusesConditions: Bool {
        if status == 501 || code == "NotImplemented" { return true }
        guard [400, 403, 405].contains(status) else { return false }
        let words = words.text.lowercased()
        return ["if-none-match", "if-match", "conditional"].contains { words.contains($0) }
            || words.contains("header")
                && ["not implemented", "not supported", "unsupported"].contains { words.contains($0) }
    }
}
