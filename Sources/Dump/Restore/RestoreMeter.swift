// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Gathers a restore's progress and passes it on at most four times a second.
final class RestoreMeter: Sendable {
    private let state: Mutex<(progress: RestoreProgress, lastReport: ContinuousClock.Instant)>
    private let report: @Sendable (RestoreProgress) -> Void

    init(total: Int64, _ report: @escaping @Sendable (RestoreProgress) -> Void) {
        self.report = report
        state = Mutex((RestoreProgress(totalStoredByteCount: total), ContinuousClock.now))
    }

    func add(native: Int = 0, stored: Int = 0) {
        let due: RestoreProgress? = state.withLock { state in
            state.progress.nativeByteCount += Int64(native)
            state.progress.storedByteCount += Int64(stored)
            guard ContinuousClock.now - state.lastReport >= .milliseconds(250) else { return nil }
            state.lastReport = ContinuousClock.now
            return state.progress
        }
        if let due { report(due) }
    }

    func finish() {
        report(state.withLock { $0.progress })
    }
}
