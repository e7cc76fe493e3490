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
        var walk = SnapshotWalk()
        var (names, files, directories): (Int64, Int64, Int64) = (0, 0, 0)
        try FileSystem.forEachBlock(of: snapshot, byteCount: 1 << 20) { block in
            walk.take(block) { field in
                switch field {
                case .directory: directories += 1
                case .name(_, let isDirectory):
                    names += 1
                    if !isDirectory { files += 1 }
                }
            }
        }
        let included = includedNames
        return DumpFindings(
            names: names + included.names,
            files: archivedFiles.map { Int64($0) } ?? files + included.files,
            directories: directories, isMountPoint: isMountPoint, deviceNumber: deviceNumber,
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
