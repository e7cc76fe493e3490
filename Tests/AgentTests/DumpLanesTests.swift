// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import Synchronization
import Testing

@testable import Agent
@testable import Planning

@Suite(.timeLimit(.minutes(1))) struct DumpLanesTests {
    /// What was the time at each look, by seconds that have really passed.
    private final class SetClock: Sendable {
        private let began = ContinuousClock.now
        private let looks = Mutex(0)
        private let told: @Sendable (Double) -> Int64

        init(_ told: @escaping @Sendable (Double) -> Int64) { self.told = told }

        var lookCount: Int { looks.withLock { $0 } }

        func now() -> Int64 {
            looks.withLock { $0 += 1 }
            return told((ContinuousClock.now - began) / .seconds(1))
        }
    }

    private static func lanes(until moment: Int64, _ clock: SetClock) -> DumpLanes {
        let dump = QueuedDump(
            name: DiskName(host: "localhost", disk: "/srv"), storedBytes: 1, bytesPerSecond: 1,
            earliest: moment)
        let limits = QueueLimits(inparallel: 1, order: DumpOrder("t"), netusage: 1_000_000)
        return DumpLanes(
            queue: DumpQueue([dump], limits: limits), board: JobProgressBoard(), now: clock.now)
    }

    @Test func `a clock that is set back makes a starttime wait, and nobody spin`() async throws {
        let clock = SetClock { $0 < 1.5 ? 1_000 : 2_000 }
        let dumped = Mutex(0)
        try await Self.lanes(until: 1_001, clock).run { _ in
            dumped.withLock { $0 += 1 }
        } ended: { _ in
            true
        }
        #expect(dumped.withLock { $0 } == 1)
        #expect(clock.lookCount < 30)
    }
}
