// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc

/// A directory of its own for one test, removed with everything in it when the last reference is gone.
public final class TemporaryDirectory: Sendable {
    /// Absolute path.
    public let path: String

    /// Makes the directory; `name` shows in its path. Others can go through it, as a dumpuser has to, and not see what lies there.
    public init(_ name: String = "amfleet-test") throws {
        path = try FileSystem.makeTemporaryDirectory(named: name)
        chmod(path, 0o711)
    }

    deinit {
        try? FileSystem.removeTree(path)
    }

    /// The path of an entry.
    public func path(_ entry: String) -> String { "\(path)/\(entry)" }

    /// Writes a file into it and returns the file's path.
    @discardableResult
    public func write(_ entry: String, _ text: String) throws -> String {
        try FileSystem.writeAtomically(path(entry), Array(text.utf8))
        return path(entry)
    }
}
