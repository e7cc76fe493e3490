// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// One open file, closed exactly once.
struct Descriptor: ~Copyable {
    let number: Int32
    /// Whether nobody waits for its being closed, as for a lock.
    private var closesLater = false

    /// - Parameter closesLater: where the thread that drops it must not block, another closes it.
    init(
        _ path: String, _ flags: Int32, mode: UInt32 = 0, closesLater: Bool = false
    ) throws(FilesError) {
        BlockingThread.require("open", path)
        let opened = amfleet_open(path, flags, mode)
        guard opened >= 0 else { throw FilesError("open", path, errorNumber: -opened) }
        number = opened
        self.closesLater = closesLater
    }

    init(takingOver number: Int32) {
        self.number = number
    }

    deinit {
        if closesLater { closeDescriptor(number) } else { close(number) }
    }

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
