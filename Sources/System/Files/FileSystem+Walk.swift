// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

extension FileSystem {
    /// Directories deeper than this are not looked into: each level holds a descriptor open.
    private static let deepestLevel = 200

    /// Gives the status of everything below a directory to `body`, in no particular order, until it returns false.
    ///
    /// Stays on the directory's file system and follows no link. Memory grows with the depth alone, not with the
    /// number of names. What cannot be looked at is left out.
    ///
    /// - Throws: if `top` itself cannot be opened.
    public static func forEachEntry(below top: String, _ body: (FileStatus) -> Bool) throws(FilesError) {
        try walk(top, prefix: nil) { body($1) }
    }

    /// The same with each path below the directory, in bytes.
    public static func forEachPath(
        below top: String, _ body: (_ path: [UInt8], FileStatus) -> Bool
    ) throws(FilesError) {
        try walk(top, prefix: [], body)
    }

    private static func walk(
        _ top: String, prefix: [UInt8]?, _ body: ([UInt8], FileStatus) -> Bool
    ) throws(FilesError) {
        try mayAsk("walk", top)
        let opened = amfleet_open(top, O_RDONLY | O_DIRECTORY, 0)
        guard opened >= 0 else { throw FilesError("open", top, errorNumber: -opened) }
        var status = stat()
        guard fstat(opened, &status) == 0 else {
            close(opened)
            throw FilesError("stat", top, errorNumber: errno)
        }
        _ = walk(opened, device: status.st_dev, level: 0, prefix: prefix, body)
    }

    /// Takes the descriptor over. False: `body` has seen enough.
    ///
    /// - Parameter prefix: of the paths, with a slash; nil: nobody wants them.
    private static func walk(
        _ descriptor: Int32, device: dev_t, level: Int, prefix: [UInt8]?,
        _ body: ([UInt8], FileStatus) -> Bool
    ) -> Bool {
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            return true
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let goesOn = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    visit(name, in: descriptor, device: device, level: level, prefix: prefix, body)
                }
            }
            guard goesOn else { return false }
        }
        return true
    }

    private static func visit(
        _ name: UnsafePointer<CChar>, in directory: Int32, device: dev_t, level: Int, prefix: [UInt8]?,
        _ body: ([UInt8], FileStatus) -> Bool
    ) -> Bool {
        if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return true }
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return true }
        let path = prefix.map { $0 + UnsafeRawBufferPointer(start: name, count: strlen(name)) }
        guard body(path ?? [], FileStatus(status)) else { return false }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_dev == device, level < deepestLevel else {
            return true
        }
        let child = amfleet_open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        return child < 0
            || walk(
                child, device: device, level: level + 1, prefix: path.map { $0 + [UInt8(ascii: "/")] }, body)
    }
}
