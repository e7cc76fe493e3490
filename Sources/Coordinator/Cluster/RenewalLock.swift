// SPDX-License-Identifier: Apache-2.0

import Files

/// Lets one command at a time change the authority or the coordinator's own certificate on this machine, for as long as it lives.
final class RenewalLock: Sendable {
    private let lock: FileLock

    /// Waits at most `limit` for whoever holds it; what a killed one has left half written goes then. Blocks.
    init(_ file: ClusterFile, waitingAtMost limit: Duration = .seconds(5)) throws {
        let directory = FileSystem.parentDirectory(of: file.authorityPath)
        lock = try FileLock("\(directory)/renewal.lock", waitingAtMost: limit)
        CoordinatorLeftovers(file).remove()
    }
}
