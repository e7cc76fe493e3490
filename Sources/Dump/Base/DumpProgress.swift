// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How far a dump is: running totals, of which any but the newest may be dropped.
public struct DumpProgress: Sendable, Equatable {
    /// What the dump has waited for most.
    public enum Limit: Sendable { case disk, compression, storage }

    /// Bytes of tar's output so far.
    public var nativeByteCount: Int64 = 0
    /// Bytes that the store has acknowledged.
    public var storedByteCount: Int64 = 0
    /// nil in the beginning.
    public var limit: Limit?
}

/// Gathers progress from threads and tasks and passes it on at most four times a second.
final class ProgressMeter: Sendable {
    private struct State {
        var progress = DumpProgress()
        var waited: [DumpProgress.Limit: Duration] = [:]
        var lastReport: ContinuousClock.Instant
    }

    private static let interval = Duration.milliseconds(250)
    private let state: Mutex<State>
    private let started: ContinuousClock.Instant
    private let report: @Sendable (DumpProgress) -> Void

    init(_ report: @escaping @Sendable (DumpProgress) -> Void) {
        self.report = report
        started = ContinuousClock.now
        state = Mutex(State(lastReport: started))
    }

    func add(native: Int = 0, stored: Int = 0) {
        let due: DumpProgress? = state.withLock { state in
            state.progress.nativeByteCount += Int64(native)
            state.progress.storedByteCount += Int64(stored)
            let now = ContinuousClock.now
            guard now - state.lastReport >= Self.interval else { return nil }
            state.lastReport = now
            state.progress.limit = Self.limit(state.waited, of: now - started)
            return state.progress
        }
        if let due { report(due) }
    }

    /// The last word, however recent the one before.
    func finish() {
        report(state.withLock { $0.progress })
    }

    func waited(_ duration: Duration, for limit: DumpProgress.Limit) {
        state.withLock { $0.waited[limit, default: .zero] += duration }
    }

    /// Waiting for tar or for the store names the culprit; where neither is waited for, the cores are busy.
    private static func limit(
        _ waited: [DumpProgress.Limit: Duration], of elapsed: Duration
    ) -> DumpProgress.Limit {
        let half = elapsed / 2
        if waited[.storage, default: .zero] > half { return .storage }
        return waited[.disk, default: .zero] > half ? .disk : .compression
    }
}
