// SPDX-License-Identifier: Apache-2.0

import Glibc

extension OpenDirectory {
    /// Moves everything that lies here into the directory `target`: files replace what has their names, directories are merged
    /// and stay as they are there, and what else lies in the target stays.
    ///
    /// Everything is renamed, nothing copied; both must lie on one file system. A directory that is only here gets its place
    /// whole. No link is followed.
    public func merge(into target: OpenDirectory) throws(FilesError) {
        for name in try names() {
            guard let from = try rawStatus(of: name) else { continue }
            let to = try target.rawStatus(of: name)
            if from.isDirectory, to?.isDirectory == true {
                try child(name).merge(into: target.child(name))
                continue
            }
            if to?.isDirectory == true || (from.isDirectory && to != nil) {
                try FileSystem.removeEntry(name, in: target.descriptor, path: target.childPath(name))
            }
            guard renameat(descriptor, name, target.descriptor, name) == 0 else {
                throw FilesError(
                    "rename to '\(target.childPath(name))' the file", childPath(name), errorNumber: errno)
            }
        }
    }

    /// Gives what lies here as `name` its place in another directory, replacing a file or an empty directory.
    public func move(_ name: String, to target: OpenDirectory, as newName: String) throws(FilesError) {
        guard renameat(descriptor, name, target.descriptor, newName) == 0 else {
            throw FilesError(
                "rename to '\(target.childPath(FileSystem.rawPath(newName)))' the file",
                childPath(FileSystem.rawPath(name)), errorNumber: errno)
        }
    }
}
