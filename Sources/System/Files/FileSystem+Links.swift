// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

extension FileSystem {
    /// Makes `path` a symbolic link to `target`, replacing a file or link of that name in one step.
    public static func makeSymbolicLink(
        _ path: String, to target: String, owner: FileOwner? = nil
    ) throws(FilesError) {
        let temporary = "\(path).\(getpid()).link"
        try remove(temporary)
        guard symlink(target, temporary) == 0 else { throw FilesError("link", temporary, errorNumber: errno) }
        do {
            try setOwner(temporary, owner)
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
