// SPDX-License-Identifier: Apache-2.0

/// Which state of an object a request read or made.
public struct S3ObjectVersion: Sendable, Hashable {
    /// The entity tag, without quotes and without the mark of a weak one: what `WriteCondition.ifMatch` takes. Empty: the
    /// store gave none.
    public let etag: String

    /// It came as a weak one (`W/"…"`). `If-Match` compares strongly and never meets those (RFC 9110, 13.1.1); but a proxy may have
    /// made the store's own strong tag weak, and so it is sent as a strong one.
    let isWeak: Bool

    /// A strong one.
    init(etag: String, isWeak: Bool = false) {
        self.etag = etag
        self.isWeak = isWeak
    }

    /// As the store gave it.
    var text: String { etag.isEmpty ? "" : "\(isWeak ? "W/" : "")\"\(etag)\"" }
}

/// Under which condition an object is written.
public enum WriteCondition: Sendable, Hashable {
    /// Whatever is there is replaced.
    case none

    /// Only if there is no object of that key (`If-None-Match: *`).
    case ifAbsent

    /// Only if the object still is the one with this entity tag (`If-Match`).
    case ifMatch(String)
}

/// What the store says of an object without giving its bytes.
public struct S3ObjectInfo: Sendable, Hashable {
    /// Length of the object.
    public let byteCount: Int64

    /// The entity tag, without quotes.
    public let etag: String

    /// CRC-32C of all of the object's bytes, where the store gives one.
    public let crc32c: UInt32?

    /// When it was written, in seconds since 1970 by the store's clock.
    let lastModified: Int64?

    /// Storage class; nil: the store does not name it, as AWS does not name STANDARD.
    public var storageClass: String?

    /// Whether it can be read.
    var archiveState = S3ArchiveState.readable

    /// When the bucket's lifecycle deletes it; nil: it does not, or the store does not say.
    public var expiry: S3ObjectExpiry?

    /// The store's clock when it said so.
    let date: Int64?

    /// No object is longer, whatever a store says: 8 PiB.
    static let longestByteCount: Int64 = 1 << 53

    /// A length as stores write it; nil: none that an object can have.
    static func byteCount(_ digits: String) -> Int64? {
        Int64(digits).flatMap { (0...longestByteCount).contains($0) ? $0 : nil }
    }
}

/// One object in a listing.
public struct S3ListedObject: Sendable, Hashable {
    /// The whole key.
    public let key: String

    /// Length of the object.
    public let byteCount: Int64

    /// The entity tag, without quotes.
    public let etag: String

    /// When it was written, in seconds since 1970 by the store's clock.
    let lastModified: Int64?

    /// Storage class; nil: the store does not list it.
    public var storageClass: String?

    /// Its class is one of the archive; whether it has been thawed only `head` tells.
    public var isArchived: Bool { storageClass.map(S3ArchiveState.archiveClasses.contains) == true }
}

/// What lies under a prefix.
public struct S3Listing: Sendable, Hashable {
    /// Objects in the store's order, which is that of the keys' UTF-8 bytes.
    public internal(set) var objects: [S3ListedObject] = []

    /// Prefixes up to and with the delimiter, under which further keys lie.
    public internal(set) var commonPrefixes: [String] = []

    /// False if there is more than the `limit` that was asked for.
    public internal(set) var isComplete = true
}

/// A multipart upload that is under way.
public struct S3Upload: Sendable, Hashable {
    /// The bucket it goes to.
    public let bucket: String

    /// The object's key.
    public let key: String

    /// The id that the store gave it.
    public let id: String

    /// The store promised a CRC-32C over the whole object.
    let hasFullObjectChecksum: Bool

    /// By default as known from elsewhere, to be aborted.
    init(bucket: String, key: String, id: String, hasFullObjectChecksum: Bool = false) {
        self.bucket = bucket
        self.key = key
        self.id = id
        self.hasFullObjectChecksum = hasFullObjectChecksum
    }
}

/// A part that the store has.
public struct S3Part: Sendable, Hashable {
    /// 1 to 10,000.
    public let number: Int

    /// The entity tag, without quotes.
    public let etag: String

    /// Length of the part.
    public let byteCount: Int

    /// CRC-32C of the part's bytes as we sent them.
    public let crc32c: UInt32

    /// The store compared its own CRC-32C with ours.
    let isChecksummedByStore: Bool
}

/// What is known of a completed object.
public struct S3Proof: Sendable, Hashable {
    /// How strong the proof is.
    public enum Strength: String, Sendable, Hashable, Codable {
        /// HEAD gave the expected length and the store's CRC-32C over all bytes equals ours.
        case fullObjectChecksum

        /// HEAD gave the expected length; the store keeps no checksum over all bytes.
        case lengthOnly
    }

    /// How strong the proof is.
    public let strength: Strength

    /// The object's entity tag, without quotes.
    public let etag: String

    /// The object's length.
    public let byteCount: Int64

    /// CRC-32C over all bytes, combined from the parts as we sent them.
    public let crc32c: UInt32
}
