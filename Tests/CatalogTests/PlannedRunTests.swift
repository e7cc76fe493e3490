// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmandaFormat
@testable import Catalog
@testable import Planning

@Suite struct PlannedRunTests {
    @Test func `takes over a plan in Amanda's figures`() throws {
        var plan = Plan()
        let dump = ExpectedDump(
            level: 1, since: 1_796_000_000, nativeBytes: 10 << 20, storedBytes: 5 << 20,
            bytesPerSecond: 1_048_576)
        plan.dumps = [
            PlannedDump(
                name: DiskName(host: "localhost", disk: "/a"), dump: dump, reason: .afterFull, degraded: nil,
                priority: 3, daysUntilFull: 4)
        ]
        plan.leftOut = [
            DiskLeftOut(name: DiskName(host: "localhost", disk: "/b"), cause: .skipsIncrement),
            DiskLeftOut(
                name: DiskName(host: "localhost", disk: "/c"),
                cause: .tooLarge(bytes: 3 << 30, level: 0, capacity: 1 << 30, hasIncrement: false)),
        ]
        let run = PlannedRun(plan)
        #expect(
            run.dumps == [
                .init(
                    host: "localhost", disk: "/a", level: 1, priority: 3,
                    estimate: .init(originalKiB: 10_240, storedKiB: 5120, seconds: 5, rate: 1024))
            ])
        #expect(run.notes == ["localhost:/a: level 1: level 1 follows a full dump"])
        #expect(
            run.leftOut == [
                .init(host: "localhost", disk: "/b", level: 1, cause: .wish, reason: "skip-incr"),
                .init(
                    host: "localhost", disk: "/c", level: 0, cause: .failure,
                    reason: "a full dump of 3 GiB does not fit into the 1 GiB that one run may store, "
                        + "and there is no increment to make instead"),
            ])
    }
}
