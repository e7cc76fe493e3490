// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import TestSupport
import Testing

@testable import Planning

@Suite struct DumpQueueTests {
    private func dump(
        _ disk: String, gib: Int64 = 1, rate: Double = 1000, priority: Int = 1, host: String = "h",
        maxdumps: Int = 9, spindle: Int = -1, interface: String = "default", earliest: Int64? = nil
    ) -> QueuedDump {
        QueuedDump(
            name: DiskName(host: host, disk: disk), storedBytes: gib << 30, bytesPerSecond: rate,
            priority: priority,
            maxdumps: maxdumps, spindle: spindle, interface: interface, earliest: earliest)
    }

    private func limits(
        _ inparallel: Int = 9, _ order: String = "sss", netusage: Int64 = .max,
        _ interfaces: [String: Int64] = [:]
    ) -> QueueLimits {
        QueueLimits(
            inparallel: inparallel, order: DumpOrder(order), netusage: netusage, interfaces: interfaces)
    }

    /// Disks that start before the queue says to wait.
    private func started(_ queue: inout DumpQueue, now: Int64 = 0) -> [String] {
        var disks: [String] = []
        while case .start(let name, _) = queue.next(now: now) { disks.append(name.disk) }
        return disks
    }

    @Test(arguments: [
        ("s", "small"), ("S", "large"), ("t", "short"), ("T", "long"), ("b", "slow"), ("B", "fast"),
    ])
    func `each letter of dumporder has its own first dump`(letter: String, first: String) {
        let dumps = [
            dump("middle", gib: 50, rate: 1e6), dump("small", gib: 1, rate: 2e5),
            dump("large", gib: 900, rate: 2e7),
            dump("short", gib: 2, rate: 5e7), dump("long", gib: 800, rate: 2e6),
            dump("slow", gib: 3, rate: 1e5),
            dump("fast", gib: 100, rate: 9e7),
        ]
        var queue = DumpQueue(dumps, limits: limits(1, letter))
        #expect(started(&queue) == [first])
    }

    @Test func `one dumper with sssS dumps the smallest first`() {
        var queue = DumpQueue(
            [dump("b", gib: 5), dump("c", gib: 9), dump("a", gib: 2)], limits: limits(1, "sssS"))
        var order: [String] = []
        while case .start(let name, let dumper) = queue.next(now: 0) {
            #expect(dumper == 0)
            order.append(name.disk)
            queue.finish(name)
        }
        #expect(order == ["a", "b", "c"])
        #expect(queue.next(now: 0) == .done)
    }

    @Test func `the fourth of four dumpers takes the largest with sssS`() {
        let dumps = (1...6).map { dump("d\($0)", gib: Int64($0)) }
        var queue = DumpQueue(dumps, limits: limits(4, "sssS"))
        #expect(started(&queue) == ["d1", "d2", "d3", "d6"])
    }

    @Test func `a higher priority goes before any letter`() {
        var queue = DumpQueue(
            [dump("small", gib: 1, priority: 0), dump("large", gib: 9, priority: 2)], limits: limits(1, "s"))
        #expect(started(&queue) == ["large"])
    }

    @Test func `maxdumps counts the dumps of one host`() {
        var queue = DumpQueue(
            [
                dump("a", maxdumps: 2), dump("b", maxdumps: 2), dump("c", maxdumps: 2),
                dump("d", host: "other", maxdumps: 2),
            ], limits: limits())
        #expect(started(&queue) == ["a", "b", "d"])
        queue.finish(DiskName(host: "h", disk: "a"))
        #expect(started(&queue) == ["c"])
    }

    @Test func `two disks of one spindle never run together, unless it is -1 or another host's`() {
        var queue = DumpQueue(
            [
                dump("a", spindle: 1), dump("b", spindle: 1), dump("c", spindle: 2), dump("d"), dump("e"),
                dump("f", host: "other", spindle: 1),
            ], limits: limits())
        #expect(started(&queue) == ["a", "c", "d", "e", "f"])
        queue.finish(DiskName(host: "h", disk: "a"))
        #expect(started(&queue) == ["b"])
    }

    @Test func `netusage admits dumps while their sum is below it, and one alone in any case`() {
        var queue = DumpQueue(
            [
                dump("big", gib: 9, rate: 5000, priority: 2), dump("a", rate: 400), dump("b", rate: 500),
                dump("c", rate: 200),
            ],
            limits: limits(netusage: 1000))
        #expect(started(&queue) == ["big"])
        queue.finish(DiskName(host: "h", disk: "big"))
        #expect(started(&queue) == ["a", "b"])
        queue.finish(DiskName(host: "h", disk: "a"))
        #expect(started(&queue) == ["c"])
    }

    @Test func `a dump above the gate starts once the others are done`() {
        var queue = DumpQueue(
            [dump("a", rate: 400, priority: 2), dump("big", rate: 5000)], limits: limits(netusage: 1000))
        #expect(started(&queue) == ["a"])
        #expect(queue.next(now: 5) == .wait(until: nil))
        queue.finish(DiskName(host: "h", disk: "a"))
        #expect(started(&queue) == ["big"])
    }

    @Test func `an interface has a limit of its own`() {
        var queue = DumpQueue(
            [
                dump("a", rate: 80, interface: "wan"), dump("b", rate: 80, interface: "wan"),
                dump("c", rate: 80),
            ],
            limits: limits(netusage: 1000, ["wan": 100]))
        #expect(started(&queue) == ["a", "c"])
    }

    @Test func `starttime holds a dump back and says until when`() {
        var queue = DumpQueue([dump("late", earliest: 500), dump("later", earliest: 900)], limits: limits())
        #expect(queue.next(now: 100) == .wait(until: 500))
        #expect(started(&queue, now: 500) == ["late"])
        #expect(queue.next(now: 500) == .wait(until: 900))
    }

    @Test func `a run that is given up starts nothing more`() {
        var queue = DumpQueue([dump("a", priority: 2), dump("b")], limits: limits(1))
        #expect(started(&queue) == ["a"])
        #expect(queue.giveUp().map(\.disk) == ["b"])
        queue.finish(DiskName(host: "h", disk: "a"))
        #expect(queue.next(now: 0) == .done)
    }

    @Test func `every dump of a large queue starts, whatever the limits`() {
        var random = SeededGenerator(seed: 5)
        let dumps = (0..<200).map { index in
            dump(
                "d\(index)", gib: Int64.random(in: 1...500, using: &random),
                rate: Double.random(in: 10...3000, using: &random),
                priority: Int.random(in: 0...2, using: &random), host: "h\(index % 3)",
                maxdumps: 1 + index % 3,
                spindle: index % 5 - 1, earliest: Int64(index % 7) * 100)
        }
        let night = NightEstimate(
            dumps, limits: limits(6, "sStTbB", netusage: 1000, ["default": 900]), capBytesPerSecond: nil,
            now: 0)
        #expect(night.seconds >= dumps.map(\.seconds).max() ?? 0)
        #expect(night.seconds.isFinite)
        #expect(night.withoutGate < night.seconds)
    }

    @Test func `netusage as a gate does not slow a dump, a cap does`() {
        let dumps = [
            dump("a", gib: 100, rate: Double(100 << 20)), dump("b", gib: 100, rate: Double(100 << 20)),
        ]
        let gated = NightEstimate(
            dumps, limits: limits(2, netusage: 8000 << 10), capBytesPerSecond: nil, now: 0)
        #expect(gated.seconds == 2048)
        #expect(gated.withoutGate == 1024)
        let capped = NightEstimate(dumps, limits: limits(2), capBytesPerSecond: Double(50 << 20), now: 0)
        #expect(capped.seconds == 4096)
        #expect(capped.warnings(available: 5000).isEmpty)
        #expect(
            capped.warnings(available: 3600) == [
                "the run is expected to take 1 h 9 min, and there are 1 h 0 min; without the cap on the sum of uploads 18 min"
            ])
    }

    @Test func `a warning names the cap that makes the night too long`() {
        let night = NightEstimate(
            [dump("a", gib: 100, rate: Double(100 << 20))], limits: limits(2),
            capBytesPerSecond: Double(10 << 20), capName: "MAX_SEND_SPEED", now: 0)
        #expect(night.warnings(available: 3600).first?.hasSuffix("; without MAX_SEND_SPEED 18 min") == true)
    }

    @Test func `parts that follow one another are judged by their sum`() {
        func part(_ name: String, gib: Int64, cap: String?) -> (String, NightEstimate) {
            (
                name,
                NightEstimate(
                    [dump(name, gib: gib, rate: Double(100 << 20))], limits: limits(2),
                    capBytesPerSecond: cap.map { _ in Double(50 << 20) }, capName: cap ?? "", now: 0)
            )
        }
        let parts = [
            part("data", gib: 100, cap: "MAX_SEND_SPEED"), part("logs", gib: 50, cap: nil),
            part("self", gib: 1, cap: nil),
        ]
        for (_, night) in parts { #expect(night.warnings(available: 2100).isEmpty) }
        #expect(
            NightEstimate(parts).warnings(available: 2100) == [
                "the run is expected to take 43 min (one after the other: data 35 min, logs 9 min), and there are "
                    + "35 min; without MAX_SEND_SPEED 26 min"
            ])
    }

    @Test(arguments: [
        (TaperAlgorithm.first, 100, 0), (.last, 100, 3), (.largest, 40, 1), (.largestFit, 40, 2),
        (.largestFit, 95, 1), (.smallest, 100, 3),
        (.firstFit, 25, 3), (.smallestFit, 25, 3), (.firstFit, 45, 0), (.largestFit, 5, 3), (.firstFit, 5, 3),
    ])
    func `taperalgo chooses among held dumps`(algorithm: TaperAlgorithm, spaceLeft: Int64, index: Int) {
        #expect(algorithm.next(among: [45, 90, 30, 20], spaceLeft: spaceLeft) == index)
        #expect(algorithm.next(among: [], spaceLeft: spaceLeft) == nil)
    }
}
