// SPDX-License-Identifier: Apache-2.0

public import Files

/// What an administrator, as root, lays down for another user.
extension FileSystem {
    /// Makes the directory and what is missing above it; new ones belong to `owner`.
    public static func makeDirectories(_ path: String, mode: UInt32 = 0o755, owner: FileOwner) throws {
        let isNew = !exists(path)
        let parent = parentDirectory(of: path)
        if !exists(parent) { try makeDirectories(parent, mode: mode, owner: owner) }
        try makeDirectories(path, mode: mode)
        if isNew { try setOwner(path, owner) }
    }

    public static func writeAtomically(_ path: String, _ bytes: [UInt8], owner: FileOwner) throws {
        try writeAtomically(path, bytes)
        try setOwner(path, owner)
    }
}
