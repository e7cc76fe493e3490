// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

extension FileSystem {
    /// Removes what a relative path names below a directory, with everything in it; nothing there is no error.
    ///
    /// Every directory on the way is opened by itself and never through a link, so that nothing outside `directory` goes.
    ///
    /// - Parameter path: raw bytes without `..`.
    /// - Throws: also where a link, or something that is no directory, stands on the way.
    public static func removeTree(_ path: [UInt8], below directory: String) throws(FilesError) {
        let pieces = path.split(separator: UInt8(ascii: "/")).map { $0.map { CChar(bitPattern: $0) } + [0] }
        guard let name = pieces.last, !pieces.contains([46, 46, 0]) else {
            throw FilesError("remove", directory, errorNumber: EINVAL)
        }
        var parent = try Descriptor(directory, O_RDONLY | O_DIRECTORY)
        for piece in pieces.dropLast() {
            let opened = amfleet_open_at(parent.number, piece, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            if opened == -ENOENT { return }
            guard opened >= 0 else { throw FilesError("open", text(piece), errorNumber: -opened) }
            parent = Descriptor(takingOver: opened)
        }
        try removeEntry(name, in: parent.number, path: "\(directory)/\(text(name))")
    }

    /// Where a path really leads: links and `..` of what is there are followed, what is not there yet is taken as it is written.
    public static func realPath(_ path: String) -> String {
        BlockingThread.require("resolve", path)
        var (existing, rest) = (path, "")
        while true {
            if let found = realpath(existing, nil) {
                defer { free(found) }
                let real = String(cString: found)
                return rest.isEmpty ? real : "\(real == "/" ? "" : real)\(rest)"
            }
            let parent = parentDirectory(of: existing)
            guard parent != existing, !existing.isEmpty, existing != "." else { return path }
            rest = String(existing.dropFirst(parent == "/" ? 0 : parent.count)) + rest
            existing = parent
        }
    }
}
