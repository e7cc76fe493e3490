// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

extension FileSystem {
    /// Where a path really leads: links and `..` of what is there are followed, what is not there yet is taken as it is written.
    public static func realPath(_ path: String) -> String {
        BlockingThread.require("resolve", path)
        var (existing, rest) = (path, "")
        while true {
            if let found = realpath(existing, nil) {
                defer { free(found) }
                let real = String(cString: found)
                return rest.isEmpty ? real : "\(real == "/" ? "" : real)\(rest)"
            }
            let parent = parentDirectory(of: existing)
            guard parent != existing, !existing.isEmpty, existing != "." else { return path }
            // A bare name lies in the working directory, which is no part of it.
            let isBare = !existing.utf8.contains(UInt8(ascii: "/"))
            rest =
                (isBare ? "/\(existing)" : String(existing.dropFirst(parent == "/" ? 0 : parent.count)))
                + rest
            existing = parent
        }
    }
}
