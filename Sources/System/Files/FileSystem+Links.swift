// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

extension FileSystem {
    /// Makes `path` a symbolic link to `target`, replacing a file or link of that name in one step, with the rights of `user`.
    public static func makeSymbolicLink(
        _ path: String, to target: String, by user: FileOwner? = nil
    ) throws(FilesError) {
        try FileRights.acting(as: user, path) { () throws(FilesError) in try replace(path, withLinkTo: target)
        }
    }

    private static func replace(_ path: String, withLinkTo target: String) throws(FilesError) {
        let temporary = "\(path).\(getpid()).link"
        try remove(temporary)
        guard symlink(target, temporary) == 0 else { throw FilesError("link", temporary, errorNumber: errno) }
        do {
            try rename(temporary, to: path)
        } catch {
            try? remove(temporary)
            throw error
        }
    }

    /// What a symbolic link points to, verbatim; nil if `path` is none.
    public static func symbolicLinkTarget(_ path: String) -> String? {
        BlockingThread.require("read link", path)
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0
            ? nil : String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
