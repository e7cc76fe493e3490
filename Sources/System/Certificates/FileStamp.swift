// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which file a path leads to, and when it last changed.
package struct FileStamp: Sendable, Equatable {
    private let device: UInt
    private let inode: UInt
    private let byteCount: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// nil: there is none.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
        byteCount = status.st_size
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
