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

    private enum Event<Outcome: Sendable>: Sendable {
        case ended(DiskName, Outcome)
        /// A `starttime` has come.
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
            var alarm: Int64?
            while true {
                switch queue.next(now: Int64(time(nil))) {
                case .start(let name, _): group.addTask { .ended(name, try await dump(name)) }
                case .done: return
                case .wait(let moment):
                    if let moment, moment != alarm {
                        alarm = moment
                        group.addTask { try await Self.sleep(until: moment) }
                    }
                    let wait = moment.map { board.begins(Self.wait(until: $0)) }
                    defer { if let wait { board.ended(wait) } }
                    guard case .ended(let name, let outcome) = try await group.next() else { continue }
                    queue.finish(name)
                    if try await !ended(outcome) { _ = queue.giveUp() }
                }
            }
        }
    }

    private static func wait(until moment: Int64) -> JobWait {
        JobWait(reason: "a starttime", seconds: Int(max(1, moment - Int64(time(nil)))) + 60)
    }

    private static func sleep<Outcome>(until moment: Int64) async throws -> Event<Outcome> {
        try await Task.sleep(for: .seconds(max(1, moment - Int64(time(nil)))))
        return .time
    }
}
