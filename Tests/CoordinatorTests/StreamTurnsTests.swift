// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(1))) struct StreamTurnsTests {
    @Test func `no more listen than there are turns, and everybody comes to it`() async throws {
        let turns = StreamTurns(limit: 3, length: .zero)
        let present = Listeners()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await turns.take()
                    present.counts.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                        $0.served += 1
                    }
                    await Task.yield()
                    present.counts.withLock { $0.now -= 1 }
                    turns.giveBack()
                }
            }
            try await group.waitForAll()
        }
        #expect(present.counts.withLock { $0.most } <= 3)
        #expect(present.counts.withLock { $0.served } == 50)
    }

    @Test func `a turn ends when it has lasted and somebody waits, and not before`() async throws {
        let turns = StreamTurns(limit: 1, length: .seconds(10))
        try await turns.take()
        #expect(!turns.isOver(after: .seconds(100)))
        let next = Task { try await turns.take() }
        while !turns.isOver(after: .seconds(10)) { await Task.yield() }
        #expect(!turns.isOver(after: .seconds(9)))
        turns.giveBack()
        try await next.value
        #expect(!turns.isOver(after: .seconds(100)))
    }

    @Test func `who is cancelled while waiting takes no turn`() async throws {
        let turns = StreamTurns(limit: 1)
        try await turns.take()
        let first = Task { try await turns.take() }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        turns.giveBack()
        try await turns.take()
    }
}

/// How many listen, at most have listened, and were served.
private final class Listeners: Sendable {
    let counts = Mutex((now: 0, most: 0, served: 0))
}
