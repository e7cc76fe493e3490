// SPDX-License-Identifier: Apache-2.0

import Files

/// Changes of `cluster.json`, one after the other: two commands of one machine lose nothing of each other's. Everything here blocks.
extension ClusterFile {
    /// Takes turns with every other command on this machine, reads the file as it is by then, and lets `step` change and save it.
    ///
    /// - Throws: also where somebody has the turn for ten seconds.
    static func changing<Value>(
        _ path: String, _ step: (inout ClusterFile) throws -> Value
    ) throws -> Value {
        let lock = try FileLock(lockPath(path), waitingAtMost: .seconds(10))
        FileSystem.removeAbandoned([FileSystem.realPath(path)])
        var file = try ClusterFile.load(path)
        let value = try step(&file)
        _ = consume lock
        return value
    }

    /// `cluster.json.lock`, beside the file that links lead to. It stays there, empty.
    static func lockPath(_ path: String) -> String { "\(FileSystem.realPath(path)).lock" }
}
