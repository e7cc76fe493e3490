// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Glibc
import Planning

/// Runs dumps side by side, as many and in the order that the queue allows.
struct DumpLanes: Sendable {
    let queue: DumpQueue
    /// Where it is told that a `starttime` is waited for.
    let board: JobProgressBoard
    /// Seconds since 1970.
    var now: @Sendable () -> Int64 = { Int64(time(nil)) }

    /// In seconds. Clocks are set, forth and back: how long one look at them counts.
    private static let longestSleep: Int64 = 30

    private enum Event<Outcome: Sendable>: Sendable {
        case ended(DiskName, Outcome)
        /// A `starttime` has come, or the clock is to be looked at again.
        case time
    }

    /// Returns when every dump has ended.
    ///
    /// Cancelling the caller cancels every dump that runs.
    ///
    /// - Parameters:
    ///   - dump: dumps one disk. A dump that fails is an outcome; what it throws ends them all.
    ///   - ended: gets every outcome, one at a time; false: no further dump begins.
    func run<Outcome: Sendable>(
        _ dump: @escaping @Sendable (DiskName) async throws -> Outcome,
        ended: (Outcome) async throws -> Bool
    ) async throws {
        var queue = queue
        try await withThrowingTaskGroup(of: Event<Outcome>.self) { group in
            defer { group.cancelAll() }
            var isAlarmSet = false
            while true {
                switch queue.next(now: now()) {
                case .start(let name, _): group.addTask { .ended(name, try await dump(name)) }
                case .done: return
                case .wait(let moment):
                    if let moment, !isAlarmSet {
                        isAlarmSet = true
                        let length = min(Self.longestSleep, max(1, moment - now()))
                        group.addTask { try await Self.sleep(seconds: length) }
                    }
                    let wait = moment.map { board.begins(excuse(until: $0)) }
                    defer { if let wait { board.ended(wait) } }
                    guard case .ended(let name, let outcome) = try await group.next() else {
                        isAlarmSet = false
                        continue
                    }
                    queue.finish(name)
                    if try await !ended(outcome) { _ = queue.giveUp() }
                }
            }
        }
    }

    private static func sleep<Outcome>(seconds: Int64) async throws -> Event<Outcome> {
        try await Task.sleep(for: .seconds(seconds))
        return .time
    }

    private func excuse(until moment: Int64) -> JobWait {
        JobWait(reason: "a starttime", seconds: Int(max(1, moment - now())) + 60)
    }
}
