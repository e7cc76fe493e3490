// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Glibc

/// What a dump found on its disk, whatever its level: by this a later one can be judged.
public struct DumpFindings: Sendable, Equatable {
    /// In all directories that tar went into, what an include names among them.
    public var names: Int64
    /// Those of them that are no directories to tar; of a full dump only those in the archive.
    public var files: Int64
    /// That tar went into.
    public var directories: Int64
    /// Of the disk's directory.
    public var isMountPoint: Bool?
    /// `st_dev` of the disk's directory.
    public var deviceNumber: UInt64?
    /// What the base of an increment calls the file system; nil: the same, or tar does not mind.
    var deviceNumberBefore: UInt64?
}

extension TarWorkspace {
    /// Counts what tar's new snapshot lists. Call it after tar has ended. Blocks; as long as the tree has names.
    ///
    /// - Parameter archivedFiles: of a full dump: files in the archive, which has no excluded ones.
    func findings(archivedFiles: Int?) throws -> DumpFindings {
        var count = SnapshotCount()
        try FileSystem.forEachBlock(of: snapshot, byteCount: 1 << 20) { count.take($0) }
        let included = includedNames
        return DumpFindings(
            names: count.names + included.names,
            files: archivedFiles.map { Int64($0) } ?? count.files + included.files,
            directories: count.directories, isMountPoint: isMountPoint, deviceNumber: deviceNumber,
            deviceNumberBefore: deviceNumberBefore)
    }

    /// What an include names stands in no directory's list.
    private var includedNames: (names: Int64, files: Int64) {
        guard let included = selection.included else { return (0, 0) }
        let files = included.count { name in
            var status = stat()
            let path = Array(device.utf8) + [UInt8(ascii: "/")] + name + [0]
            return lstat(path.map { CChar(bitPattern: $0) }, &status) == 0
                && status.st_mode & S_IFMT != S_IFDIR
        }
        return (Int64(included.count), Int64(files))
    }
}

/// Counts the names in a snapshot; its shape is told with `BaseSnapshot`.
///
/// What a directory holds: `Y` and a name for a file that is in the archive, `N` for one that is not, `D` for a directory.
private struct SnapshotCount {
    private(set) var names: Int64 = 0
    private(set) var files: Int64 = 0
    private(set) var directories: Int64 = 0

    /// Fields of a directory that come before what it holds.
    private static let headFieldCount = 6
    private var timeFieldCount = 0
    private var headCount = 0
    private var fieldByteCount = 0
    private var first: UInt8 = 0
    private var emptyFieldCount = 0

    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            if byte == 0 {
                endField()
                fieldByteCount = 0
            } else {
                if fieldByteCount == 0 { first = byte }
                fieldByteCount += 1
            }
        }
    }

    private mutating func endField() {
        guard timeFieldCount == 2 else {
            timeFieldCount += 1
            return
        }
        guard headCount == Self.headFieldCount else {
            headCount += 1
            if headCount == Self.headFieldCount { directories += 1 }
            return
        }
        if fieldByteCount == 0 {
            emptyFieldCount += 1
            if emptyFieldCount == 2 { (headCount, emptyFieldCount) = (0, 0) }
            return
        }
        emptyFieldCount = 0
        switch first {
        case UInt8(ascii: "Y"), UInt8(ascii: "N"):
            names += 1
            files += 1
        case UInt8(ascii: "D"): names += 1
        default: break
        }
    }
}
