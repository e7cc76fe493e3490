// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension FileSystem {
    /// Lays the directory `source` over the directory `target`, as unpacking an archive there would: files replace files,
    /// directories are merged and get the owner, mode, times and extended attributes of the source's, what else lies in the
    /// target stays.
    ///
    /// Everything is renamed, nothing copied; both must lie on one file system.
    ///
    /// - Throws: where a directory that holds something stands in the way of a file; what was moved before stays moved.
    public static func overlay(_ source: String, onto target: String) throws(FilesError) {
        try overlay(rawPath(source), onto: rawPath(target))
    }

    private static func overlay(_ source: [CChar], onto target: [CChar]) throws(FilesError) {
        // Before anything is taken out of it: that changes its times.
        var status = stat()
        guard lstat(source, &status) == 0 else { throw FilesError("stat", text(source), errorNumber: errno) }
        for name in try rawNames(in: source) {
            let (from, to) = (joined(source, name), joined(target, name))
            let existing = try rawKind(to)
            if try rawKind(from) == S_IFDIR {
                if existing == S_IFDIR {
                    try overlay(from, onto: to)
                    continue
                }
                if existing != nil, unlink(to) != 0 {
                    throw FilesError("replace", text(to), errorNumber: errno)
                }
            } else if existing == S_IFDIR, rmdir(to) != 0 {
                throw FilesError("replace", text(to), errorNumber: errno)
            }
            guard Glibc.rename(from, to) == 0 else {
                throw FilesError("rename to '\(text(to))' the file", text(from), errorNumber: errno)
            }
        }
        try copyAttributes(of: source, status, to: target)
    }

    /// Of directories. The times last: everything before changes them.
    private static func copyAttributes(
        of source: [CChar], _ status: stat, to target: [CChar]
    ) throws(FilesError) {
        let to = try Descriptor(text(target), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        guard fchown(to.number, status.st_uid, status.st_gid) == 0 else {
            throw FilesError("chown", text(target), errorNumber: errno)
        }
        guard fchmod(to.number, status.st_mode & 0o7777) == 0 else {
            throw FilesError("chmod", text(target), errorNumber: errno)
        }
        try copyExtendedAttributes(of: source, to: to, target)
        let times = [status.st_atim, status.st_mtim]
        guard futimens(to.number, times) == 0 else {
            throw FilesError("set the times of", text(target), errorNumber: errno)
        }
    }

    private static func copyExtendedAttributes(
        of source: [CChar], to target: borrowing Descriptor, _ path: [CChar]
    ) throws(FilesError) {
        var names = [CChar](repeating: 0, count: 65_536)
        let count = amfleet_list_attributes(source, &names, names.count)
        if count == -Int(EOPNOTSUPP) { return }
        guard count >= 0 else {
            throw FilesError("list the attributes of", text(source), errorNumber: Int32(-count))
        }
        for name in names.prefix(count).split(separator: 0) {
            let name = Array(name) + [0]
            var value = [UInt8](repeating: 0, count: 65_536)
            let length = amfleet_get_attribute(source, name, &value, value.count)
            let failure =
                length < 0 ? Int32(-length) : -amfleet_set_attribute(target.number, name, value, length)
            guard failure == 0 else {
                throw FilesError("copy attribute '\(text(name))' to", text(path), errorNumber: failure)
            }
        }
    }
}
