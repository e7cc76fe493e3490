// SPDX-License-Identifier: Apache-2.0

import Glibc

extension FileSystem {
    /// Copies a regular file's bytes into a new file, block by block, and synchronises it. What had the name goes first; a
    /// symbolic link of that name is not followed, however the directory changes meanwhile.
    ///
    /// - Parameters:
    ///   - mode: exactly, whatever the umask.
    ///   - user: with whose rights it is written, and whose it becomes; nil: this process's. It is read with our own.
    /// - Throws: also for a source that is a symbolic link or no regular file; nothing is left of the target then.
    public static func copy(
        _ source: String, to target: String, mode: UInt32 = 0o600, by user: FileOwner? = nil
    ) throws(FilesError) {
        let from = try Descriptor(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        var status = stat()
        guard fstat(from.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FilesError("copy", source, errorNumber: EINVAL)
        }
        try remove(target, by: user)
        let to = try FileRights.acting(as: user, target) { () throws(FilesError) in
            try Descriptor(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        }
        do throws(FilesError) {
            try transfer(from.number, source, to, target)
            try to.setMode(mode, path: target)
            try to.synchronise(path: target)
        } catch {
            try? remove(target, by: user)
            throw error
        }
    }

    private static func transfer(
        _ from: Int32, _ source: String, _ to: borrowing Descriptor, _ target: String
    ) throws(FilesError) {
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = block.withUnsafeMutableBytes { Glibc.read(from, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FilesError("read", source, errorNumber: errno) }
            if count == 0 { return }
            try to.writeAll(Array(block[..<count]), path: target)
        }
    }
}

extension Descriptor {
    func setMode(_ mode: UInt32, path: String) throws(FilesError) {
        guard fchmod(number, mode) == 0 else { throw FilesError("chmod", path, errorNumber: errno) }
    }
}
