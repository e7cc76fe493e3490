// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

/// Dumps that may not hold their disks: they are kept, and count as nothing.
@Suite struct SuspectDumpTests {
    private let name = DiskName(host: "h", disk: "/a")

    private func dump(_ level: Int, day: Int, _ label: String, isSuspect: Bool = false) throws -> StoredDump {
        let run = try #require(Datestamp(year: 2026, month: 11, day: day, hour: 3, minute: 0, second: 0))
        return StoredDump(name: name, level: level, run: run, labels: [label], isSuspect: isSuspect)
    }

    @Test func `the newest plausible dump keeps its volumes, whatever came after`() throws {
        var dumps = try [dump(0, day: 1, "A"), dump(1, day: 2, "B")]
        dumps += try (3...9).map { try dump(0, day: $0, "S\($0)", isSuspect: true) }
        #expect(RestorableChain.newest(of: dumps.shuffled())?.labels == ["A", "B"])
        #expect(try RestorableChain.newest(of: dumps + [dump(0, day: 10, "C")])?.labels == ["C"])
        #expect(RestorableChain.newest(of: Array(dumps.dropFirst(2)))?.labels == ["S9"])
    }

    @Test func `a plausible increment needs the suspect one that it builds on`() throws {
        let dumps = try [
            dump(0, day: 1, "A"), dump(1, day: 2, "B", isSuspect: true), dump(2, day: 3, "C"),
        ]
        #expect(RestorableChain.newest(of: dumps)?.labels == ["A", "B", "C"])
    }

    @Test(arguments: [
        (0, "0: full: the last one is suspect"),
        (1, "1: the last dump is suspect, and nothing is built on it"),
        (2, "1: the last dump is suspect, and nothing is built on it"),
    ])
    func `nothing is built on a suspect dump`(level: Int, expected: String) throws {
        var fixture = PlannerFixture()
        fixture.add("/a", [.init(0, 4), .init(1, 3), .init(2, 2)], gib: [0: 40, 1: 20, 2: 4, 3: 1])
        fixture.disks[0].suspectLevel = level
        #expect(try fixture.only() == expected)
    }
}
