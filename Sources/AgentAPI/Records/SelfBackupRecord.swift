// SPDX-License-Identifier: Apache-2.0

/// What tar read for a self-backup of what an empty machine needs to become the node again.
public struct SelfBackupRecord: Codable, Sendable, Equatable {
    /// Files of a record or an answer, at most.
    public static let fileLimit = 2_000

    /// Amanda's configurations, what they include and name, and the lists of volumes.
    public var files: [SelfBackupFile]
    /// Catalogs, by their numbers alone.
    public var trees: [SelfBackupTree]

    public init(files: [SelfBackupFile] = [], trees: [SelfBackupTree] = []) {
        self.files = Array(files.prefix(Self.fileLimit))
        self.trees = Array(trees.prefix(Self.fileLimit))
    }

    public func file(_ path: String) -> SelfBackupFile? { files.first { $0.path == path } }
}

/// One file: as tar read it, or as it lies on the node now.
public struct SelfBackupFile: Codable, Sendable, Hashable {
    /// As the configuration names it, absolute.
    public var path: String
    public var byteCount: Int64
    /// SHA-256, as 64 hexadecimal digits; nil of a file that is too long for it.
    public var sha256: String?

    public init(path: String, byteCount: Int64, sha256: String?) {
        self.path = path
        self.byteCount = byteCount
        self.sha256 = sha256
    }
}

/// A directory of a catalog.
public struct SelfBackupTree: Codable, Sendable, Hashable {
    public var path: String
    public var fileCount: Int64
    public var byteCount: Int64

    public init(path: String, fileCount: Int64, byteCount: Int64) {
        self.path = path
        self.fileCount = fileCount
        self.byteCount = byteCount
    }
}

/// What a self-backup does not hold, though a bootstrap needs it.
public struct SelfBackupGap: Codable, Sendable, Hashable {
    public enum Reason: String, Sendable, Hashable {
        /// No disk of the self-backup reaches there.
        case outside
        /// On a file system of its own (`detail`) inside a disk.
        case mounted
        /// Behind a link (`detail`) that leads to where no disk of the self-backup reaches.
        case linked
        /// Amanda's own directory lies behind a link (`detail`) inside the disk: a restore follows none.
        case directoryLinked
        /// A link (`detail`) that leads to it is not in the archive.
        case linkAbsent
        /// In no archive, though a disk reaches there.
        case absent
        /// Archived otherwise than it is.
        case different
        /// No file on the node.
        case noFile
        /// Its file system does not answer.
        case silent
        /// The archive could not be read as it was written (`detail`).
        case unread
        /// The dump is encrypted, by a program (`detail`) whose keys are sealed to nobody.
        case unsealed
        /// Of a newer agent.
        case other
    }

    /// Absolute, on the node; of a catalog the first file.
    public var path: String
    public var reason: Reason
    public var detail: String?
    /// With it, files of the same catalog; nil: it alone.
    public var moreCount: Int?

    public init(path: String, reason: Reason, detail: String? = nil, moreCount: Int? = nil) {
        self.path = path
        self.reason = reason
        self.detail = detail
        self.moreCount = moreCount
    }
}

extension SelfBackupGap.Reason: Codable {
    public init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
    }
}
