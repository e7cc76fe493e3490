// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

extension FileSystem {
    /// Removes a tree: files, links themselves, directories. Nothing there is no error.
    ///
    /// Works on raw name bytes, so names that are not UTF-8 go too, and relative to open directories, so that nobody
    /// can lead it elsewhere by swapping a directory for a link.
    public static func removeTree(_ path: String) throws(FilesError) {
        guard let found = try status(path) else { return }
        guard found.kind == .directory else { return try remove(path) }
        do {
            let directory = try Descriptor(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            try removeContents(of: directory.number, path: path)
        }
        guard rmdir(path) == 0 || errno == ENOENT else {
            throw FilesError("remove", path, errorNumber: errno)
        }
    }

    /// `descriptor` stays the caller's: the directory stream works on a duplicate.
    private static func removeContents(of descriptor: Int32, path: String) throws(FilesError) {
        guard let stream = fdopendir(dup(descriptor)) else {
            throw FilesError("list", path, errorNumber: errno)
        }
        defer { closedir(stream) }
        for name in try names(in: stream, path: path) {
            try removeEntry(name, in: descriptor, path: "\(path)/\(text(name))")
        }
    }

    static func removeEntry(_ name: [CChar], in directory: Int32, path: String) throws(FilesError) {
        BlockingThread.require("remove", path)
        if unlinkat(directory, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw FilesError("remove", path, errorNumber: errno) }
        let opened = amfleet_open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        guard opened >= 0 else { throw FilesError("open", path, errorNumber: -opened) }
        defer { close(opened) }
        try removeContents(of: opened, path: path)
        guard unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw FilesError("remove", path, errorNumber: errno)
        }
    }
}
