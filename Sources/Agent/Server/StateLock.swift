// SPDX-License-Identifier: Apache-2.0

import Files

/// Keeps a second agent out of a state directory for as long as the value lives.
final class StateLock: Sendable {
    private let lock: FileLock

    init(stateDirectory: String) throws {
        try FileSystem.makeDirectories(stateDirectory, mode: 0o700)
        do {
            lock = try FileLock("\(stateDirectory)/agent.lock", waitingAtMost: .zero)
        } catch {
            // What has a number is the file's or the file system's, and nobody uses it.
            guard error.errorNumber == 0 else { throw error }
            throw AgentStartError.stateInUse(directory: stateDirectory, reason: FaultText(of: error))
        }
    }
}
