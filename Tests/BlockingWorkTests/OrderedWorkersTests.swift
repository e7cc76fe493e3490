// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Synchronization
import Testing

private struct Broken: Error {}

@Suite(.timeLimit(.minutes(1))) struct OrderedWorkersTests {
    @Test func `keeps the order of the input whatever each element costs`() async throws {
        let workers = OrderedWorkers<Int, Int>(width: 4, name: "square") { number in
            var value = number
            for _ in 0..<(number % 7) * 1_000 { value &+= 1 }
            return value - (number % 7) * 1_000
        }
        async let produced: Void = runBlocking("producer") {
            for number in 0..<1_000 { try workers.putBlocking(number) }
            workers.finish()
        }
        var taken: [Int] = []
        while let number = try await workers.take() { taken.append(number) }
        try await produced
        #expect(taken == Array(0..<1_000))
    }

    @Test func `never holds more than twice its width`() async throws {
        let inFlight = Mutex((now: 0, most: 0))
        let workers = OrderedWorkers<Int, Int>(width: 2, name: "count") { $0 }
        async let produced: Void = runBlocking("producer") {
            for number in 0..<200 {
                try workers.putBlocking(number)
                inFlight.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
            }
            workers.finish()
        }
        while true {
            // The taker's decrement comes first, so the count never exceeds what is really in flight.
            inFlight.withLock { $0.now -= 1 }
            guard try await workers.take() != nil else { break }
        }
        try await produced
        #expect(inFlight.withLock { $0.most } <= 4)
    }

    @Test func `a transform that throws ends both sides`() async throws {
        let workers = OrderedWorkers<Int, Int>(width: 2, name: "fail") { number in
            if number == 10 { throw Broken() }
            return number
        }
        let produced = Task {
            try await runBlocking("producer") { for number in 0..<1_000 { try workers.putBlocking(number) } }
        }
        await #expect(throws: Broken.self) {
            while try await workers.take() != nil {}
        }
        await #expect(throws: Broken.self) { try await produced.value }
    }

    @Test func `hands over nothing at all`() async throws {
        let workers = OrderedWorkers<Int, Int>(width: 3, name: "none") { $0 }
        workers.finish()
        #expect(try await workers.take() == nil)
    }
}
