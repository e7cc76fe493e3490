// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPTransport

@Suite struct RateBucketTests {
    @Test(arguments: [5120, 100_000, 10_000_000, 1_000_000_000] as [Int64])
    func `over ten seconds the rate is kept within a twentieth`(rate: Int64) {
        let start = ContinuousClock.now
        var now = start
        var bucket = RateBucket(bytesPerSecond: rate, now: now)
        var moved = 0
        while now - start < .seconds(10) {
            while bucket.isOpen(now) {
                bucket.charge(bucket.turnByteCount)
                moved += bucket.turnByteCount
            }
            now = max(bucket.opensAt(now), now + .milliseconds(1))
        }
        #expect(Double(moved) / 10 < Double(rate) * 1.05)
        #expect(Double(moved) / 10 > Double(rate) * 0.95)
    }

    @Test func `a pause saves up no more than a tenth of a second's bytes`() {
        let start = ContinuousClock.now
        var bucket = RateBucket(bytesPerSecond: 1_000_000, now: start)
        var moved = 0
        while bucket.isOpen(start + .seconds(3600)) {
            bucket.charge(bucket.turnByteCount)
            moved += bucket.turnByteCount
        }
        #expect(moved <= 100_000 + 2 * bucket.turnByteCount)
    }

    @Test func `a piece that overdraws is waited off`() {
        let start = ContinuousClock.now
        var bucket = RateBucket(bytesPerSecond: 1000, now: start)
        bucket.charge(5000)
        let isOpenBefore = bucket.isOpen(start + .milliseconds(4990))
        let isOpenAfter = bucket.isOpen(start + .milliseconds(5001))
        #expect(!isOpenBefore && isOpenAfter)
    }

    @Test func `turns are given in the order of asking, and a stream that ends leaves the queue`() {
        let limiter = RateLimiter(bytesPerSecond: 10_000)
        let streams = (0..<3).map { _ in Stream() }
        let ids = streams.map { ObjectIdentifier($0) }
        let now = ContinuousClock.now
        #expect(limiter.takesTurn(ids[0], now))
        #expect(!limiter.takesTurn(ids[1], now))
        #expect(!limiter.takesTurn(ids[2], now))
        let later = now + .seconds(1)
        #expect(!limiter.takesTurn(ids[0], later))
        #expect(!limiter.admits(ids[2], later))
        limiter.leave(ids[1])
        #expect(limiter.admits(ids[2], later))
        withExtendedLifetime(streams) {}
    }

    private final class Stream {}
}
