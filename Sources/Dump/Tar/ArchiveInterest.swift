// SPDX-License-Identifier: Apache-2.0

/// What of an archive is to be looked at while tar writes it. Paths are bytes below the disk's directory, without `./` before
/// them or `/` behind.
public struct ArchiveInterest: Sendable {
    /// A directory whose files are remembered by name and length.
    public struct Tree: Sendable, Hashable {
        public var path: [UInt8]
        /// Only what lies in the directory itself and whose name begins so; nil: everything below.
        public var namePrefix: [UInt8]?

        public init(path: [UInt8], namePrefix: [UInt8]? = nil) {
            self.path = path
            self.namePrefix = namePrefix
        }

        /// Whether a path is that of a file in it.
        public func holds(_ file: [UInt8]) -> Bool {
            guard path.isEmpty || (file.count > path.count && file.starts(with: path)) else { return false }
            var inside = file.dropFirst(path.count)
            if !path.isEmpty {
                guard inside.first == UInt8(ascii: "/") else { return false }
                inside = inside.dropFirst()
            }
            guard let namePrefix else { return !inside.isEmpty }
            return inside.starts(with: namePrefix) && !inside.contains(UInt8(ascii: "/"))
        }
    }

    /// Names of which it is remembered what they are; of a file its digest.
    public var members: Set<[UInt8]>
    public var trees: [Tree]
    /// Lengths of files that have several names: tar stores one of them, and links to it for the others.
    public var linkedByteCounts: Set<Int64>

    public init(members: Set<[UInt8]> = [], trees: [Tree] = [], linkedByteCounts: Set<Int64> = []) {
        self.members = members
        self.trees = trees
        self.linkedByteCounts = linkedByteCounts
    }
}

/// What was found of it.
public struct ArchiveFindings: Sendable {
    public enum Member: Sendable, Equatable {
        /// Its length as it is restored, and its SHA-256; nil: it is longer than `ArchiveWitness.digestLimit`, or stored in a way
        /// that is not read here.
        case file(byteCount: Int64, digest: [UInt8]?)
        case symbolicLink(target: [UInt8])
        case directory
        case other
    }

    /// Those that were asked for, and are there.
    public internal(set) var members: [[UInt8]: Member] = [:]
    /// Why the archive could not be read to its end; nil: it was.
    public internal(set) var fault: (any Error)?
    var files: Set<Int> = []

    /// Whether a file of a tree is there with that length.
    public func holds(_ path: [UInt8], byteCount: Int64) -> Bool {
        files.contains(Self.key(path, byteCount)) || files.contains(Self.key(path, Self.linked))
    }

    /// A name of a file that is stored under another one.
    static let linked: Int64 = -1

    static func key(_ path: [UInt8], _ byteCount: Int64) -> Int {
        var hasher = Hasher()
        path.withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(byteCount)
        return hasher.finalize()
    }
}
