// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension FileSystem {
    /// Writes a file that must not be there yet, not even as a dangling link: whole or not at all, whatever ends the process, a full disk
    /// or a kill; synchronised, with its directory.
    ///
    /// Where a file system knows neither a rename that takes nobody's place nor a second name of a file, a kill at one moment leaves an
    /// empty file there, never a part of it.
    public static func writeExclusively(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600
    ) throws(FilesError) {
        let temporary = temporaryName(of: path)
        do throws(FilesError) {
            try writeNew(temporary, bytes, mode: mode)
            try name(temporary, path)
        } catch {
            try? remove(temporary)
            throw error
        }
        try synchroniseNames(parentDirectory(of: path))
    }

    /// A way to give a file the name that nobody may have, so that it is there as a whole.
    enum ExclusiveName: CaseIterable {
        /// FAT and exFAT have it too, unlike the next.
        case renamed
        case linked
        /// The name is taken by an empty file of our own, whose place the whole one takes.
        case claimed
    }

    private static func name(_ temporary: String, _ path: String) throws(FilesError) {
        for way in ExclusiveName.allCases {
            if try name(temporary, path, way) { return }
        }
        throw FilesError("create", path, errorNumber: ENOTSUP)
    }

    /// - Returns: false where the file system does not know that way.
    static func name(
        _ temporary: String, _ path: String, _ way: ExclusiveName
    ) throws(FilesError) -> Bool {
        switch way {
        case .renamed: return try isDone(amfleet_rename_new(temporary, path), path)
        case .linked:
            guard try isDone(link(temporary, path) == 0 ? 0 : -errno, path) else { return false }
            try remove(temporary)
        case .claimed:
            try writeNew(path, [], mode: 0o600)
            do {
                try rename(temporary, to: path)
            } catch {
                try? remove(path)
                throw error
            }
        }
        return true
    }

    private static func isDone(_ outcome: Int32, _ path: String) throws(FilesError) -> Bool {
        guard outcome != 0 else { return true }
        guard [EINVAL, EPERM, ENOTSUP, ENOSYS, EMLINK].contains(-outcome) else {
            throw FilesError("create", path, errorNumber: -outcome)
        }
        return false
    }

    /// As `synchroniseDirectory`. The file is whole by then: a file system that cannot do it for a directory has nothing to be told of.
    private static func synchroniseNames(_ directory: String) throws(FilesError) {
        do throws(FilesError) {
            try synchroniseDirectory(directory)
        } catch {
            guard [EINVAL, ENOTSUP, ENOSYS].contains(error.errorNumber) else { throw error }
        }
    }
}
