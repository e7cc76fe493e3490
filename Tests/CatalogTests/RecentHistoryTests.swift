// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import TestSupport
import Testing

@testable import Catalog

/// What a plan reads of the logs is enough, and not more.
@Suite struct RecentHistoryTests {
    private static let names = ["/a", "/b", "/c"].map { DiskName(host: "localhost", disk: $0) }

    /// One night: the level of each disk's dump; nil: it was not dumped.
    private struct Night {
        var levels: [Int?]
        var isLost = false
        var isPutAway = false
    }

    private func run(_ index: Int) throws -> Datestamp {
        try #require(Datestamp(localTimeOf: 1_700_000_000 + Int64(index) * 86_400))
    }

    private func write(_ nights: [Night], to scratch: ScratchCatalog) throws {
        try FileSystem.makeDirectories(scratch.path("oldlog"))
        var tapelist: [String] = []
        for (index, night) in nights.enumerated() {
            let run = try run(index)
            if !night.isLost { tapelist.append("\(run) v-\(index) reuse") }
            var text = "START taper datestamp \(run) label v-\(index) tape 1\n"
            for (name, level) in zip(Self.names, night.levels) {
                guard let level else { continue }
                let dump = "localhost \(name.disk) \(run)"
                text += """
                    DISK planner localhost \(name.disk)
                    PART taper v-\(index) 1 \(dump) 1/-1 \(level) [sec 1 bytes 1024 kps 1 orig-kb 10]
                    DONE taper \(dump) 1 \(level) 58c5c9c8:10240 ee3cc06e:1024 ee3cc06e:1024 [sec 1 bytes 1024 kps 1 orig-kb 10]

                    """
            }
            try scratch.write(
                night.isPutAway ? "oldlog/log.\(run).0" : "log.\(run).0", Array(text.utf8))
        }
        try scratch.write("tapelist", Array(tapelist.reversed().map { $0 + "\n" }.joined().utf8))
    }

    /// What an increment of a level would build on; nil: it cannot be made.
    private func base(_ history: DumpHistory, _ name: DiskName, _ level: Int, _ run: Datestamp) -> DumpChain?
    {
        history.bases(of: name, below: level, before: run).flatMap {
            $0.isRooted && $0.firstLost == nil ? $0 : nil
        }
    }

    @Test(arguments: 0..<60) func `a plan sees what all logs would show`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let nights = (0..<Int.random(in: 1...14, using: &generator)).map { _ in
            Night(
                levels: Self.names.map { _ in
                    Bool.random(using: &generator) ? Int.random(in: 0...3, using: &generator) : nil
                },
                isLost: Int.random(in: 0..<3, using: &generator) == 0,
                isPutAway: Int.random(in: 0..<4, using: &generator) == 0)
        }
        let scratch = try ScratchCatalog()
        try write(nights, to: scratch)
        let reader = CatalogReader(scratch.location)
        let whole = try reader.history()
        for next in [nights.count, nights.count / 2] {
            let run = try run(next)
            let recent = try reader.recentHistory(of: Self.names, before: run)
            for name in Self.names {
                for level in 1...4 {
                    let wanted = base(whole, name, level, run)
                    #expect(base(recent, name, level, run) == wanted)
                    guard let started = wanted?.top?.name.datestamp else { continue }
                    // The attempts on both sides bound when the base's snapshot was made.
                    func neighbours(_ history: DumpHistory) -> [Datestamp?] {
                        let attempts = history.attempts(at: name)
                        return [
                            attempts.last { $0.description < started },
                            attempts.first { $0.description > started },
                        ]
                    }
                    #expect(neighbours(recent) == neighbours(whole))
                }
            }
        }
    }

    @Test func `logs before the full dumps are not opened`() throws {
        let scratch = try ScratchCatalog()
        let nights = (0..<40).map { Night(levels: [$0 == 30 ? 0 : 1, $0 == 33 ? 0 : 1, 0], isLost: $0 < 20) }
        try write(nights, to: scratch)
        // Nobody can read these.
        for index in 0..<20 {
            let path = scratch.path("log.\(try run(index)).0")
            try FileSystem.remove(path)
            try FileSystem.makeDirectories(path)
        }
        let reader = CatalogReader(scratch.location)
        let last = try run(40)
        let history = try reader.recentHistory(of: Self.names, before: last)
        #expect(Self.names.map { history.newestChain(of: $0, before: last)?.dumps.count } == [2, 2, 1])
        #expect(throws: FilesError.self) { try reader.history() }
    }

    @Test func `a disk that no volume holds any more costs no old log`() throws {
        let scratch = try ScratchCatalog()
        try write((0..<12).map { Night(levels: [0, $0 < 4 ? 0 : nil, 0], isLost: $0 < 6) }, to: scratch)
        for index in 0..<4 {
            let path = scratch.path("log.\(try run(index)).0")
            try FileSystem.remove(path)
            try FileSystem.makeDirectories(path)
        }
        let new = DiskName(host: "localhost", disk: "/new")
        let history = try CatalogReader(scratch.location).recentHistory(
            of: Self.names + [new], before: try run(12))
        #expect(history.bases(of: new, below: 9, before: try run(12)) == nil)
        #expect(base(history, Self.names[1], 9, try run(12)) == nil)
        #expect(base(history, Self.names[0], 9, try run(12)) != nil)
    }
}
