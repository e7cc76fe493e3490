// SPDX-License-Identifier: Apache-2.0

import Files

/// Lets one command of this machine at a time seal the coordinator's files, for as long as it lives.
final class SealTurn: Sendable {
    private let lock: FileLock

    /// Waits as long as a store may need that answers at all. Blocks.
    init(_ file: ClusterFile, waitingAtMost limit: Duration = .seconds(60)) throws {
        lock = try FileLock("\(FileSystem.realPath(file.sealPath)).lock", waitingAtMost: limit)
    }
}
