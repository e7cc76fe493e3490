// SPDX-License-Identifier: Apache-2.0

/// What a dump found on its disk: by it the next one is judged.
///
/// A record in the bucket is a claim: figures below 0 count as unknown.
public struct DumpMeasure: Codable, Sendable, Hashable {
    public var run: RunName
    public var level: Int
    /// Of tar's output; nil of an increment, which holds only what changed.
    public var bytes: Int64?
    /// In all of the disk's directories, whatever the level: an increment lists them all.
    public var names: Int64?
    /// Those of them that are no directories; of a full dump only those that are in the archive.
    var files: Int64?
    /// Directories that tar went into, the topmost one included.
    var directories: Int64?
    /// Whether the disk's directory was a mount point.
    public var isMountPoint: Bool?
    /// Of the file system that the directory lay on (`st_dev`).
    var deviceNumber: UInt64?
    /// What was mounted inside and left out; nil: nobody looked.
    public var holes: [HoleRecord]?

    public init(run: RunName, level: Int, bytes: Int64? = nil, names: Int64? = nil, files: Int64? = nil) {
        self.run = run
        self.level = level
        self.bytes = bytes.known?.asByteCount
        self.names = names.known?.asByteCount
        self.files = files.known?.asByteCount
    }

    /// The figures in words: `201 names, 20.0 MiB`.
    var figures: String {
        let known = [
            names.known.map { Quantity.count(Int(clamping: $0), "name") },
            files.known.map { Quantity.count(Int(clamping: $0), "file") },
            bytes.known.map { Quantity.bytes($0) },
        ].compactMap(\.self)
        return known.isEmpty ? "nothing known" : known.joined(separator: ", ")
    }
}

/// A file system that is mounted inside a disk and that no disk of the configuration dumps.
public struct HoleRecord: Codable, Sendable, Hashable {
    /// Absolute, on the node.
    public var path: String
    /// As the kernel names it: `ext4`, `nfs4`.
    var fileSystem: String
    /// What is in use on it; nil: it did not say in time.
    var usedBytes: Int64?

    public init(path: String, fileSystem: String, usedBytes: Int64? = nil) {
        self.path = path
        self.fileSystem = fileSystem
        self.usedBytes = usedBytes?.asByteCount
    }

    /// `'/opt/db' (ext4, 3.2 GiB in use)`.
    public var text: String {
        let size = usedBytes.map { "\(Quantity.bytes($0)) in use" } ?? "size not known"
        return "'\(path)' (\(fileSystem), \(size))"
    }
}

extension HoleRecord {
    /// What is said of a hole over Amanda's own files.
    public var selfBackupText: String {
        "\(text) is mounted over Amanda's own files inside the self-backup, which leaves it out"
    }
}

/// The dumps that one is compared with.
public struct DumpMeasures: Codable, Sendable, Hashable {
    /// The last plausible full dump; after the operator has accepted an increment, that one without its bytes.
    public var full: DumpMeasure?
    /// The last plausible dump of any level.
    public var newest: DumpMeasure?

    public init(full: DumpMeasure? = nil, newest: DumpMeasure? = nil) {
        self.full = full
        self.newest = newest
    }

    public var isEmpty: Bool { full == nil && newest == nil }
}

extension Int64? {
    /// nil for what can be no count.
    var known: Int64? { flatMap { $0 >= 0 ? $0 : nil } }
}
