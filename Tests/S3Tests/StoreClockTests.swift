// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import S3

@Suite(.timeLimit(.minutes(1))) struct StoreClockTests {
    /// A machine's clock that somebody sets.
    private final class SetClock: Sendable {
        private let ahead = Mutex(0.0)

        func set(ahead seconds: Double) { ahead.withLock { $0 = seconds } }
        func now() -> Double { Date().timeIntervalSince1970 + ahead.withLock { $0 } }
    }

    private let machine = SetClock()
    private let clock: StoreClock
    private let answered: Int64

    init() {
        clock = StoreClock(wall: machine.now)
        answered = Int64(Date().timeIntervalSince1970) + 100
        clock.note(answered)
    }

    @Test(arguments: [-86_400.0, 3_600, 63_072_000])
    func `a machine's clock that is set moves the store's time nowhere`(seconds: Double) throws {
        machine.set(ahead: seconds)
        let offset = try #require(clock.offset) / .seconds(1)
        #expect(abs(machine.now() + offset - Double(answered)) < 5)
        #expect(abs(try #require(clock.time) - Double(answered)) < 5)
    }

    @Test func `once the store has refused our clock, setting that again changes no signature`() {
        #expect(abs(clock.signingTime - answered) > 50, "its own, until then")
        clock.adopt()
        machine.set(ahead: -7_200)
        #expect(abs(clock.signingTime - answered) < 5)
    }

    @Test func `before the first answer there is no time of the store`() {
        let fresh = StoreClock(wall: machine.now)
        fresh.adopt()
        #expect(fresh.time == nil && fresh.offset == nil)
        #expect(abs(Double(fresh.signingTime) - machine.now()) < 5)
    }
}
