// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Testing

private struct Broken: Error, Equatable {}

@Suite(.timeLimit(.minutes(1))) struct HandOverTests {
    @Test func `gives every element in order from a thread to a task`() async throws {
        let queue = HandOver<Int>(capacity: 2)
        async let produced: Void = runBlocking("producer") {
            for number in 0..<500 { try queue.putBlocking(number) }
            queue.finish()
        }
        var taken: [Int] = []
        while let number = try await queue.take() { taken.append(number) }
        try await produced
        #expect(taken == Array(0..<500))
        #expect(try await queue.take() == nil)
    }

    @Test func `gives every element in order from a task to a thread`() async throws {
        let queue = HandOver<Int>(capacity: 1)
        async let taken: [Int] = runBlocking("consumer") {
            var taken: [Int] = []
            while let number = try queue.takeBlocking() { taken.append(number) }
            return taken
        }
        for number in 0..<500 { try await queue.put(number) }
        queue.finish()
        #expect(try await taken == Array(0..<500))
    }

    @Test func `holds the putter back at its capacity`() async throws {
        let queue = HandOver<Int>(capacity: 1)
        try await queue.put(1)
        let second = Task { try await queue.put(2) }
        #expect(try await queue.take() == 1)
        try await second.value
        #expect(try await queue.take() == 2)
    }

    @Test func `wakes both sides with the first failure`() async throws {
        let queue = HandOver<Int>(capacity: 1)
        let blocked = Task { try await runBlocking("taker") { try queue.takeBlocking() } }
        let waiting = Task { try await queue.take() }
        queue.fail(Broken())
        queue.fail(CancellationError())
        await #expect(throws: Broken.self) { try await blocked.value }
        await #expect(throws: Broken.self) { try await waiting.value }
        await #expect(throws: Broken.self) { try await queue.put(1) }
    }

    @Test func `ends a waiting taker and a waiting putter when their task is cancelled`() async throws {
        let empty = HandOver<Int>(capacity: 1)
        let taker = Task { try await empty.take() }
        taker.cancel()
        await #expect(throws: CancellationError.self) { try await taker.value }
        let full = HandOver<Int>(capacity: 1)
        try await full.put(1)
        let putter = Task { try await full.put(2) }
        putter.cancel()
        await #expect(throws: CancellationError.self) { try await putter.value }
        #expect(try await full.take() == 1)
    }

    @Test func `loses nothing between many putters and takers of both kinds`() async throws {
        let queue = HandOver<Int>(capacity: 3)
        let sum = try await withThrowingTaskGroup(of: Int.self) { takers in
            for taker in 0..<4 {
                takers.addTask {
                    if taker % 2 == 0 {
                        return try await runBlocking("taker") {
                            var sum = 0
                            while let number = try queue.takeBlocking() { sum += number }
                            return sum
                        }
                    }
                    var sum = 0
                    while let number = try await queue.take() { sum += number }
                    return sum
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { putters in
                for putter in 0..<4 {
                    putters.addTask {
                        let numbers = putter * 100..<putter * 100 + 100
                        if putter % 2 == 0 {
                            try await runBlocking("putter") {
                                for number in numbers { try queue.putBlocking(number) }
                            }
                        } else {
                            for number in numbers { try await queue.put(number) }
                        }
                    }
                }
                try await putters.waitForAll()
            }
            queue.finish()
            return try await takers.reduce(0, +)
        }
        #expect(sum == (0..<400).reduce(0, +))
    }
}
