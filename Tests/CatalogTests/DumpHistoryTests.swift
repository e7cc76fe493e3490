// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Planning
import Testing

@testable import Catalog

/// Which dumps a dump builds on, from logs alone.
@Suite struct DumpHistoryTests {
    private let disk = DiskName(host: "localhost", disk: "/srv/data")

    /// Runs of one disk on volumes of their own, oldest first; `lost` ones have left the tapelist.
    private func scratch(_ levels: [Int], lost: Set<Int> = [], put: Set<Int> = []) throws -> ScratchCatalog {
        let scratch = try ScratchCatalog()
        var lines: [String] = []
        for (index, level) in levels.enumerated() {
            let run = name(index)
            if !lost.contains(index) { lines.append("\(run) v-0\(index) reuse") }
            let name = put.contains(index) ? "oldlog/log.\(run).0" : "log.\(run).0"
            try FileSystem.makeDirectories(scratch.path("oldlog"))
            try scratch.write(
                name,
                Array(
                    """
                    DISK planner localhost /srv/data
                    START taper datestamp \(run) "ST:c" "POOL:c" label v-0\(index) tape 1
                    PART taper "ST:c" "POOL:c" v-0\(index) 1 localhost /srv/data \(run) 1/-1 \(level) [sec 1 bytes 1024 kps 1 orig-kb 10]
                    DONE taper "ST:c" "POOL:c" localhost /srv/data \(run) 1 \(level) 58c5c9c8:10240 ee3cc06e:1024 ee3cc06e:1024 [sec 1 bytes 1024 kps 1 orig-kb 10]

                    """.utf8))
        }
        try scratch.write("tapelist", Array(lines.reversed().map { $0 + "\n" }.joined().utf8))
        return scratch
    }

    @Test func `an increment of the run that sent its held full dump keeps that full dump's volume`() throws {
        let scratch = try scratch([0, 0, 1])
        let (full, run) = (name(1), name(2))
        try FileSystem.remove(scratch.path("log.\(full).0"))
        let old = try scratch.text("log.\(run).0")
        // As a flush writes it, before the run's own log: the full dump of the night before lies on a volume of this run.
        try scratch.write(
            "log.\(run).0",
            Array(
                old.replacing("localhost /srv/data \(run)", with: "localhost /srv/data \(full)")
                    .replacing("1/-1 1 [", with: "1/-1 0 [").replacing(" 1 1 58c5", with: " 1 0 58c5").utf8))
        try scratch.write("log.\(run).1", Array(old.replacing("v-02", with: "v-03").utf8))
        try scratch.write(
            "tapelist",
            Array("\(run) v-03 reuse\n\(run) v-02 reuse\n\(name(0)) v-00 reuse\n".utf8))
        let stored = try CatalogReader(scratch.location).storedDumps()
        #expect(stored.map(\.level).sorted() == [0, 0, 1])
        let chain = try #require(RestorableChain.newest(of: stored))
        #expect(chain.dumps.map(\.level) == [0, 1])
        #expect(Set(VolumeNeed.volumes(of: [chain]).keys) == ["v-02", "v-03"])
    }

    @Test func `history with more dumps still knows what was left out`() throws {
        let history = DumpHistory(
            dumps: [], omissions: [disk: [try #require(run(0))]]
        ).adding([
            CatalogDump(
                name: .init(host: "localhost", disk: "/b", datestamp: name(1), level: 0),
                run: try #require(run(1)), parts: [], originalKiB: nil)
        ])
        #expect(history.disks(leftOutOf: try #require(run(0))) == [disk])
    }

    /// The scratch directory goes with its value.
    private func history(of scratch: ScratchCatalog) throws -> DumpHistory {
        try withExtendedLifetime(scratch) { try CatalogReader(scratch.location).history() }
    }

    /// One a day.
    private func run(_ index: Int) -> Datestamp? { Datestamp("2026110\(1 + index)030000") }

    private func name(_ index: Int) -> String { "2026110\(1 + index)030000" }

    /// Each dump's chain as the places of its dumps in `levels`.
    private func chains(_ levels: [Int], lost: Set<Int> = [], put: Set<Int> = []) throws -> [[Int]] {
        let history = try history(of: scratch(levels, lost: lost, put: put))
        return try levels.indices.map { index in
            let dump = try #require(history.dumps.first { $0.name.datestamp == name(index) })
            return try history.chain(to: dump).dumps.map { link in
                try #require(levels.indices.first { name($0) == link.name.datestamp })
            }
        }
    }

    @Test func `each level builds on the newest of a lower one before it`() throws {
        #expect(
            try chains([0, 1, 2, 2, 1, 2]) == [[0], [0, 1], [0, 1, 2], [0, 1, 3], [0, 4], [0, 4, 5]])
        #expect(try chains([0, 1, 0, 2, 1, 3]) == [[0], [0, 1], [2], [2, 3], [2, 4], [2, 4, 5]])
        #expect(try chains([0, 2, 1, 3]) == [[0], [0, 1], [0, 2], [0, 2, 3]])
    }

    @Test func `an overwritten base is named, and no older one stands in for it`() throws {
        for put in [[], [1] as Set<Int>] {
            #expect(try chains([0, 0, 1], lost: [1], put: put)[2] == [1, 2])
            let history = try history(of: scratch([0, 0, 1], lost: [1], put: put))
            let chain = history.chain(to: try #require(history.dumps.first))
            #expect(chain.isRooted && chain.firstLost?.name.datestamp == name(1))
            #expect(chain.bases.map(\.isOverwritten) == [true])
        }
    }

    @Test func `a chain whose full dump no log knows is not rooted`() throws {
        let history = try history(of: scratch([1, 2]))
        let chain = history.chain(to: try #require(history.dumps.first))
        #expect(chain.dumps.map(\.name.level) == [1, 2] && !chain.isRooted && chain.firstLost == nil)
    }

    @Test func `a new dump builds on what is before it`() throws {
        let history = try history(of: scratch([0, 1, 2]))
        func bases(_ level: Int, _ before: Int) throws -> [Int]? {
            history.bases(of: disk, below: level, before: try #require(run(before)))?.dumps.map(\.name.level)
        }
        #expect(try bases(3, 3) == [0, 1, 2] && bases(2, 3) == [0, 1] && bases(1, 3) == [0])
        #expect(try bases(0, 3) == nil && bases(1, 0) == nil && bases(2, 1) == [0])
    }

    @Test func `a run that meant to dump the disk counts as an attempt, whatever became of it`() throws {
        let scratch = try scratch([0])
        let text = "DISK planner localhost /srv/data\nINFO amdump amdump pid 1\n"
        try scratch.write("log.\(name(4)).0", Array(text.utf8))
        try scratch.write("log.\(name(5)).0", Array("INFO amfetchdump amfetchdump pid 1\n".utf8))
        let history = try history(of: scratch)
        #expect(history.attempts(at: disk) == [run(0), run(4)])
    }

    @Test func `stock Amanda's runs chain too`() throws {
        let history = try history(of: .ofStockAmanda())
        let chain = history.chain(to: try #require(history.dumps.first))
        #expect(chain.dumps.map(\.name.level) == [0, 1])
        #expect(chain.bases.first?.parts.map(\.byteCount) == [672_467])
    }
}
