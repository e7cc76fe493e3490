// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a killed process leaves of a file that it was about to write: `<path>.<process>-<number>.tmp`, perhaps with a key in it.
extension FileSystem {
    /// Removes what processes that are gone had begun to write for these files (`writeAtomically`, `writeExclusively`).
    ///
    /// Ours are plain files of this user with that name; nothing else is touched, nor is what a living process may still write. A
    /// listing of each directory.
    ///
    /// - Parameter includingOwn: also what bears this process's own number: in a container each one may have the same. Only before it
    ///   has written any of these files itself.
    /// - Returns: what was removed. What cannot be looked at or removed stays.
    @discardableResult public static func removeAbandoned(
        _ paths: [String], includingOwn: Bool = false
    ) -> [String] {
        let byDirectory = Dictionary(grouping: paths, by: parentDirectory)
        return byDirectory.sorted { $0.key < $1.key }.flatMap { directory, paths in
            let names = Set(paths.map(lastName))
            return removeAbandoned(in: directory, includingOwn: includingOwn) { names.contains($0) }
        }
    }

    /// The same of every file of a directory in which only we write.
    @discardableResult public static func removeAbandoned(
        in directory: String, includingOwn: Bool = false,
        where isOurs: (_ name: String) -> Bool = { _ in true }
    ) -> [String] {
        ((try? list(directory)) ?? []).compactMap { entry in
            guard let (name, process) = abandoned(entry), isOurs(name),
                process == getpid() ? includingOwn : !RunningProcess.isAlive(process)
            else { return nil }
            let path = directory == "." ? entry : "\(directory == "/" ? "" : directory)/\(entry)"
            guard let status = try? status(path), status.kind == .regular, status.owner.userID == geteuid(),
                (try? remove(path)) != nil
            else { return nil }
            return path
        }
    }

    /// - Returns: for which file, and the number of the process.
    private static func abandoned(_ entry: String) -> (name: String, process: Int32)? {
        guard entry.hasSuffix(".tmp") else { return nil }
        let rest = entry.dropLast(4)
        guard let dot = rest.lastIndex(of: "."), dot != rest.startIndex else { return nil }
        let numbers = rest[rest.index(after: dot)...].split(
            separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, numbers.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let process = Int32(numbers[0]), process > 0, Int(numbers[1]) != nil
        else { return nil }
        return (String(rest[..<dot]), process)
    }

    private static func lastName(_ path: String) -> String {
        path.pathNames.last ?? path
    }
}
