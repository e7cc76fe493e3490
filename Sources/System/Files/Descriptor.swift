// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// One open file or directory, closed exactly once.
struct Descriptor: ~Copyable {
    /// What may be opened.
    enum Kind {
        /// A regular file, or, with `O_DIRECTORY`, a directory. Whatever else has the name is an error, and nobody waits for it: a FIFO
        /// without an end, a device, a terminal.
        case file
        /// A pipe too: what a shell puts in the place of a file.
        case fileOrPipe
    }

    let number: Int32
    /// Whether nobody waits for its being closed, as for a lock.
    private var closesLater = false

    /// - Parameter closesLater: where the thread that drops it must not block, another closes it.
    init(
        _ path: String, _ flags: Int32, mode: UInt32 = 0, closesLater: Bool = false, _ kind: Kind = .file
    ) throws(FilesError) {
        try FileSystem.mayAsk("open", path)
        number = try Self.open(path, flags, mode, kind)
        self.closesLater = closesLater
    }

    init(takingOver number: Int32) {
        self.number = number
    }

    deinit {
        if closesLater { closeDescriptor(number) } else { close(number) }
    }

    private static func open(
        _ path: String, _ flags: Int32, _ mode: UInt32, _ kind: Kind
    ) throws(FilesError) -> Int32 {
        guard flags & O_DIRECTORY == 0 else {
            let opened = amfleet_open(path, flags, mode)
            guard opened >= 0 else { throw FilesError("open", path, errorNumber: -opened) }
            return opened
        }
        let opened = amfleet_open(path, flags | O_NONBLOCK | O_NOCTTY, mode)
        // Nobody reads the FIFO, or nothing is behind the device.
        guard opened != -ENXIO else { throw FilesError("open", path, reason: notRegular) }
        guard opened >= 0 else { throw FilesError("open", path, errorNumber: -opened) }
        do throws(FilesError) {
            try require(kind, of: opened, path)
        } catch {
            close(opened)
            throw error
        }
        return opened
    }

    private static func require(_ kind: Kind, of number: Int32, _ path: String) throws(FilesError) {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw FilesError("stat", path, errorNumber: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw FilesError("open", path, errorNumber: EISDIR)
        case S_IFIFO where kind == .fileOrPipe: return
        default: throw FilesError("open", path, reason: notRegular)
        }
    }

    private static let notRegular = "it is no regular file"

    func writeAll(_ bytes: [UInt8], path: String) throws(FilesError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(number, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FilesError("write", path, errorNumber: errno)
            }
            written += count
        }
    }

    func synchronise(path: String) throws(FilesError) {
        guard fsync(number) == 0 else { throw FilesError("fsync", path, errorNumber: errno) }
    }
}
