// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import S3

@Suite(.timeLimit(.minutes(1))) struct AdaptiveConcurrencyTests {
    @Test func `lets only as many run as the limit says`() {
        var concurrency = AdaptiveConcurrency(maximum: 2)
        let first = concurrency.start()
        #expect(first != nil)
        #expect(concurrency.start() != nil)
        #expect(concurrency.start() == nil)
        if let first { concurrency.end(first, .failed) }
        #expect(concurrency.start() != nil)
    }

    @Test func `a wave of SlowDown halves the limit once`() {
        var concurrency = AdaptiveConcurrency(maximum: 16)
        let wave = (0..<16).compactMap { _ in concurrency.start() }
        for ticket in wave { concurrency.end(ticket, .slowDown) }
        #expect(concurrency.limit == 8)
        let next = (0..<8).compactMap { _ in concurrency.start() }
        #expect(concurrency.start() == nil)
        for ticket in next { concurrency.end(ticket, .slowDown) }
        #expect(concurrency.limit == 4)
    }

    @Test func `never falls below one and recovers as the store answers`() {
        var concurrency = AdaptiveConcurrency(maximum: 4)
        for _ in 0..<10 {
            if let ticket = concurrency.start() { concurrency.end(ticket, .slowDown) }
        }
        #expect(concurrency.limit == 1)
        for _ in 0..<100 {
            if let ticket = concurrency.start() { concurrency.end(ticket, .answered) }
        }
        #expect(concurrency.limit == 4)
    }

    @Test func `a waiter that is cancelled leaves the gate to the others`() async throws {
        let gate = RequestGate(maximum: 1)
        let ticket = try await gate.enter()
        let cancelled = Task { try await gate.enter() }
        let patient = Task { try await gate.enter() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        gate.leave(ticket, .answered)
        gate.leave(try await patient.value, .answered)
        gate.leave(try await gate.enter(), .answered)
    }
}
