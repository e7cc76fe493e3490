// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc
import Synchronization

extension ChildProcess {
    /// How it ended, if it does within `limit`; blocks the thread and does nothing to it.
    public func exitBlocking(within limit: Duration) -> ChildExit? {
        BlockingThread.require("wait for", command.executable)
        let deadline = ContinuousClock.now + limit
        while true {
            if let ended { return ended }
            guard ContinuousClock.now < deadline else { return nil }
            usleep(5_000)
        }
    }

    /// Waits for its end at most `limit`; then it is terminated, and its end awaited all the same, as far as it comes.
    ///
    /// - Throws: `stalled` after `limit`, `stuck` where it then does not end; `CancellationError` when the task was cancelled, after the child's end.
    public func exit(within limit: Duration) async throws -> ChildExit {
        let watch = Watch()
        async let _: Void = terminate(after: limit, noting: watch)  // cancelled when this function is left
        let exit = await exit()
        try Task.checkCancellation()
        if exit == .stuck {
            throw ChildProcessError.stuck(executable: command.executable, touches: command.touches)
        }
        if watch.hasStruck { throw ChildProcessError.stalled(executable: command.executable, limit: limit) }
        return exit
    }

    private func terminate(after limit: Duration, noting watch: Watch) async throws {
        try await Task.sleep(for: limit)
        watch.strike()
        terminate()
    }

    private final class Watch: Sendable {
        private let state = Mutex(false)

        var hasStruck: Bool { state.withLock { $0 } }

        func strike() {
            state.withLock { $0 = true }
        }
    }
}
