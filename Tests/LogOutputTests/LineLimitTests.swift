// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import LogOutput

@Suite struct LineLimitTests {
    private let clock = TestClock()
    private let site = LineLimit.Site(file: "A.swift", line: 1)

    @Test func `one party gets sixty lines at once and then one every two seconds`() {
        let limit = clock.limit()
        let atOnce = (0..<1000).count { _ in limit.admit(site: site, party: "node01") != nil }
        #expect(atOnce == 60)
        clock.pass(.seconds(2))
        #expect(limit.admit(site: site, party: "node01") == 940)
        #expect(limit.admit(site: site, party: "node01") == nil)
        clock.pass(.seconds(20))
        let later = (0..<1000).count { _ in limit.admit(site: site, party: "node01") != nil }
        #expect(later == 10)
    }

    @Test func `one party does not silence another, nor one line of the program the next`() {
        let limit = clock.limit()
        for _ in 0..<1000 { _ = limit.admit(site: site, party: "node01") }
        #expect(limit.admit(site: site, party: "node02") == 0)
        #expect(limit.admit(site: LineLimit.Site(file: "A.swift", line: 2), party: "node01") == 0)
    }

    @Test func `parties that are new every time share what is left for all together`() {
        let limit = clock.limit()
        let lines = (0..<10_000).count { number in limit.admit(site: site, party: "10.0.0.\(number)") != nil
        }
        #expect(lines == LineLimit.mostParties + 60)
        clock.pass(.seconds(10))
        let more = (0..<10_000).count { number in limit.admit(site: site, party: "10.1.0.\(number)") != nil }
        #expect(more == 300 - lines + 50)
    }
}

private final class TestClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    func pass(_ duration: Duration) {
        time.withLock { $0 += duration }
    }

    func limit() -> LineLimit {
        LineLimit { [self] in time.withLock { $0 } }
    }
}
