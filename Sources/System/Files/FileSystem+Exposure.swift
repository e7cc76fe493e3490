// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

extension FileSystem {
    /// Whether a file's mode lets everybody read it, and that of every directory on the way lets them go there. Neither is known of what
    /// is not there, nor of access control lists.
    public static func isOpenToOthers(_ path: String) -> Bool {
        BlockingThread.require("stat", path)
        var current = realPath(path)
        guard mode(current) & S_IROTH != 0 else { return false }
        while current != "/", current != "." {
            current = parentDirectory(of: current)
            guard mode(current) & S_IXOTH != 0 else { return false }
        }
        return true
    }

    private static func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode : 0
    }
}
