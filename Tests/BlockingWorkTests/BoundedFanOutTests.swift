// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct BoundedFanOutTests {
    @Test func `runs as many at a time as may, and gives the results in order`() async throws {
        let running = Mutex((now: 0, most: 0))
        let results = try await onEvery(Array(0..<40), width: 3) { number in
            running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            try await Task.sleep(for: .milliseconds(number.isMultiple(of: 7) ? 5 : 1))
            running.withLock { $0.now -= 1 }
            return number * 2
        }
        #expect(results == (0..<40).map { $0 * 2 })
        #expect(running.withLock { $0.most } == 3)
    }

    @Test func `the first failure ends the others`() async throws {
        struct Failure: Error {}
        let begun = Mutex(0)
        await #expect(throws: Failure.self) {
            _ = try await onEvery(Array(0..<1000), width: 2) { number in
                begun.withLock { $0 += 1 }
                if number == 1 { throw Failure() }
                try await Task.sleep(for: .seconds(3600))
            }
        }
        #expect(begun.withLock { $0 } == 2)
    }
}
