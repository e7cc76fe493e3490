// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension OpenDirectory {
    func fullStatus() throws(FilesError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FilesError("stat", path, errorNumber: errno) }
        return status
    }

    /// Gives this directory the owner, mode, extended attributes and times of another.
    public func takeAttributes(of source: OpenDirectory) throws(FilesError) {
        try takeAttributes(of: source, source.fullStatus())
    }

    /// The same, with a status from before. The times last: everything before changes them.
    func takeAttributes(of source: OpenDirectory, _ status: stat) throws(FilesError) {
        guard fchown(descriptor, status.st_uid, status.st_gid) == 0 else {
            throw FilesError("chown", path, errorNumber: errno)
        }
        guard fchmod(descriptor, status.st_mode & 0o7777) == 0 else {
            throw FilesError("chmod", path, errorNumber: errno)
        }
        try takeExtendedAttributes(of: source)
        try takeTimes(of: status)
    }

    func takeTimes(of status: stat) throws(FilesError) {
        let times = [status.st_atim, status.st_mtim]
        guard futimens(descriptor, times) == 0 else {
            throw FilesError("set the times of", path, errorNumber: errno)
        }
    }

    private func takeExtendedAttributes(of source: OpenDirectory) throws(FilesError) {
        var names = [CChar](repeating: 0, count: 65_536)
        let count = amfleet_list_attributes(source.descriptor, &names, names.count)
        if count == -Int(EOPNOTSUPP) { return }
        guard count >= 0 else {
            throw FilesError("list the attributes of", source.path, errorNumber: Int32(-count))
        }
        for name in names.prefix(count).split(separator: 0) {
            let name = Array(name) + [0]
            var value = [UInt8](repeating: 0, count: 65_536)
            let length = amfleet_get_attribute(source.descriptor, name, &value, value.count)
            let failure =
                length < 0 ? Int32(-length) : -amfleet_set_attribute(descriptor, name, value, length)
            guard failure == 0 else {
                throw FilesError(
                    "copy attribute '\(FileSystem.text(name))' to", path, errorNumber: failure)
            }
        }
    }

    /// Removes what has that name with all below it, but for what is mounted there.
    ///
    /// - Returns: whether all of it is gone.
    @discardableResult
    func removeTree(_ name: [CChar], on device: UInt64) throws(FilesError) -> Bool {
        guard let found = try rawStatus(of: name) else { return true }
        guard found.st_dev == device else { return false }
        guard found.isDirectory else {
            guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
                throw FilesError("remove", childPath(name), errorNumber: errno)
            }
            return true
        }
        let directory = try child(name)
        var isEmpty = true
        for name in try directory.names() where try !directory.removeTree(name, on: device) {
            isEmpty = false
        }
        guard isEmpty else { return false }
        guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            // A mount of the same file system looks like any directory.
            if errno == EBUSY { return false }
            throw FilesError("remove", childPath(name), errorNumber: errno)
        }
        return true
    }
}
