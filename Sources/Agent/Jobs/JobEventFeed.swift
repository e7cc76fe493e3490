// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// One listener's place in a job's events.
///
/// Memory is bounded: the feed holds numbers only, and asks the table for what is new when it is woken. A slow
/// listener gets the newest progress and every numbered event.
struct JobEventFeed: Sendable {
    /// One value whenever something may be new, and once a second besides; any number of wakes waiting count as one.
    let wakes: AsyncStream<Void>
    let id: String
    private var cursor: Cursor

    /// How long a line may be missing before a heartbeat stands in for it.
    static let heartbeatEvery: Duration = .seconds(2)

    /// What the listener has.
    struct Cursor: Sendable {
        var sequence: Int
        var progress: JobProgress?
        var lastLine: ContinuousClock.Instant
    }

    /// What goes out next; `isOver` once the job is final and everything was given.
    struct Delivery: Sendable {
        var events: [JobEvent]
        var isOver: Bool
    }

    init(id: String, after sequence: Int, wakes: AsyncStream<Void>) {
        self.id = id
        self.wakes = wakes
        self.cursor = Cursor(sequence: sequence, progress: nil, lastLine: .now)
    }

    /// Takes what is new from `table`.
    ///
    /// - Throws: `WireError` where the job is no longer kept.
    mutating func take(from table: JobTable) async throws -> Delivery {
        let (delivery, cursor) = try await table.deliver(id, cursor)
        self.cursor = cursor
        return delivery
    }
}
