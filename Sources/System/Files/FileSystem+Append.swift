// SPDX-License-Identifier: Apache-2.0

import Glibc

extension FileSystem {
    /// Adds bytes to a file's end in one write, creating the file with `mode` if need be.
    ///
    /// - Parameters:
    ///   - user: with whose rights it is opened, and whose a new one becomes; nil: this process's.
    ///   - synchronising: whether the bytes must survive a power failure before this returns.
    public static func append(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600, by user: FileOwner? = nil,
        synchronising: Bool = false
    ) throws(FilesError) {
        let descriptor = try FileRights.acting(as: user, path) { () throws(FilesError) in
            try Descriptor(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: mode)
        }
        try descriptor.writeAll(bytes, path: path)
        if synchronising { try descriptor.synchronise(path: path) }
    }
}
