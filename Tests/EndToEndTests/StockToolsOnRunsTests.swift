// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// Every tool of stock Amanda on runs of ours, in their order of use: listings first, then readers, then stock's own next run.
    @Suite(
        .serialized,
        .needs(Machine.cluster + Machine.amanda + ["amrecover", "amcheckdump", "amtape", "amstatus"]),
        .arranged(TwoRuns.self), .timeLimit(.minutes(6)))
    struct StockToolsOnRunsTests {
        @Test func `amadmin finds every part of every dump`() async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(TwoRuns.parts)
            defer { amanda.remove() }
            let name = TwoRuns.parts.name
            let found = try await amanda.tool("amadmin", "find").split(separator: "\n").map(String.init)
            for (level, run) in made.runs.enumerated() {
                let label = "\(name)-000\(level + 1)"
                for disk in [made.small, made.large] {
                    let lines = found.filter { $0.hasPrefix("\(run.spelledRun) localhost \(disk) \(level) ") }
                    let count = level == 0 && disk == made.large ? 2 : 1
                    #expect(lines.count == count, "\(found)")
                    for (index, line) in lines.enumerated() {
                        #expect(line.contains(" \(name) \(name) \(label) "), "\(line)")
                        #expect(line.hasSuffix(" \(index + 1)/\(count) OK"), "\(line)")
                    }
                }
            }
            #expect(found.filter { $0.contains("localhost") }.allSatisfy { $0.hasSuffix(" OK") }, "\(found)")
        }

        @Test func `amadmin knows what the next run needs`() async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(TwoRuns.parts)
            defer { amanda.remove() }
            let label = "\(TwoRuns.parts.name)-0002"
            let info = try await amanda.tool("amadmin", "info", "localhost", "^\(made.small)$")
            #expect(info.contains("Current info for localhost \(made.small):"), "\(info)")
            #expect(info.contains(" \(label) "), "\(info)")
            let due = try await amanda.tool("amadmin", "due")
            for disk in [made.small, made.large] {
                #expect(due.contains("Due in 6 days: localhost:\(disk)"), "\(due)")
            }
            let balance = try await amanda.tool("amadmin", "balance")
            #expect(balance.contains("TOTAL 2 "), "\(balance)")
            let tape = try await amanda.tool("amadmin", "tape")
            #expect(tape.contains("The next Amanda should go onto 1 new tape."), "\(tape)")
        }

        @Test func `amtape shows the label of every slot`() async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(TwoRuns.parts)
            defer { amanda.remove() }
            let name = TwoRuns.parts.name
            let inventory = try await amanda.both("amtape", "inventory")
            for number in 1...2 {
                #expect(inventory.contains("slot \(number): label \(name)-000\(number)"), "\(inventory)")
            }
            let shown = try await amanda.both("amtape", "show", "1-3")
            #expect(shown.contains("slot 2: date \(made.runs[1]) label \(name)-0002"), "\(shown)")
            #expect(shown.contains("slot 3: Amanda header not found -- unlabeled volume?"), "\(shown)")
        }

        @Test func `amfleet volumes tells what each slot holds and when it is written next`() async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(TwoRuns.parts)
            defer { amanda.remove() }
            let name = TwoRuns.parts.name
            let key = "\(TestCluster.prefix)/\(made.node.name)/\(name)/slot-05special-tapestart"
            _ = try await amanda.tool("amadmin", "no-reuse", "\(name)-0002")
            try await made.cluster.store.putObject("no label", key)
            let options = ["volumes", "--configuration", name]
            let text = try await made.cluster.amfleet(options)
            let json = try await made.cluster.amfleet(options + ["--json"])
            try await made.cluster.store.removeObject(key)
            _ = try await amanda.tool("amadmin", "reuse", "\(name)-0002")

            #expect(text.exit == 0, "\(text)")
            let rows = text.output.singleSpaced.split(separator: "\n").map(String.init)
            #expect(rows.count == 12, "\(text)")
            #expect(
                rows.last
                    == "not overwritten: run \(made.runs[1]) (the newest that every node can have back)",
                "\(text)")
            for (level, run) in made.runs.enumerated() {
                let start = "node01 \(name) \(level + 1) \(name)-000\(level + 1) \(run) "
                let row = try #require(rows.first { $0.hasPrefix(start) }, "\(text)")
                #expect(
                    row.contains("\(made.large) \(level)") && row.contains("\(made.small) \(level)"), "\(row)"
                )
            }
            #expect(
                rows[1].contains("kept: volume '\(name)-0001' holds the newest full dump of localhost:"),
                "\(text)")
            #expect(rows[2].hasSuffix("kept: volume '\(name)-0002' is marked no-reuse"), "\(text)")
            #expect(rows[3] == "node01 \(name) 3 - - unlabelled - by the next run", "\(text)")
            #expect(rows[5].hasPrefix("node01 \(name) 5 - - no Amanda volume - kept: "), "\(text)")

            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(object?["command"] as? String == "volumes" && object?["result"] as? String == "complete")
            let nodes = object?["nodes"] as? [[String: Any]]
            let configurations = nodes?.first?["configurations"] as? [[String: Any]]
            let slots = try #require(configurations?.first?["slots"] as? [[String: Any]], "\(json)")
            #expect(slots.count == 10)
            #expect(slots.map { $0["state"] as? String }.prefix(3) == ["known", "known", "unlabelled"])
            #expect(slots[4]["state"] as? String == "foreign")
            #expect(slots[2]["writtenByRun"] as? Int == 1)
            let dumps = try #require(slots[0]["dumps"] as? [[String: Any]])
            #expect(dumps.compactMap { $0["storedBytes"] as? Int }.reduce(0, +) > 4 << 20)
        }

        @Test func `amreport and amstatus tell of the last run and of an earlier one`() async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(TwoRuns.parts)
            defer { amanda.remove() }
            let name = TwoRuns.parts.name
            let report = try await amanda.tool("amreport")
            #expect(report.contains("These dumps were to tape \(name)-0002."), "\(report)")
            #expect(!report.contains("FAILED") && !report.contains("MISSING"), "\(report)")
            let logs = made.node.directory(of: name)
            let earlier = try await amanda.tool("amreport", "--log=\(logs)/log.\(made.runs[0]).0")
            #expect(earlier.contains("These dumps were to tape \(name)-0001."), "\(earlier)")
            let status = try await amanda.tool("amstatus")
            let file = try await amanda.tool("amstatus", "--file", "\(logs)/amdump.\(made.runs[0])")
            for (text, run, level) in [(status, made.runs[1], 1), (file, made.runs[0], 0)] {
                for disk in [made.small, made.large] {
                    let line = text.split(separator: "\n").first {
                        $0.hasPrefix("localhost:\(disk) \(run) \(level) ")
                    }
                    #expect(line?.contains("dump to tape done") == true, "\(text)")
                }
            }
        }

        @Test(arguments: [TwoRuns.parts, TwoRuns.plain])
        func `amcheckdump reads every dump and changes nothing`(plan: ConfigurationPlan) async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(plan)
            defer { amanda.remove() }
            let before = try await amanda.catalogDigest()
            let keys = try await made.cluster.store.keys(TestCluster.prefix)
            for run in made.runs {
                let text = try await amanda.both("amcheckdump", "--timestamp", run)
                for disk in [made.small, made.large] { #expect(text.contains(disk), "\(text)") }
                #expect(text.contains("All images (2) successfully validated"), "\(text)")
            }
            let after = try await amanda.catalogDigest()
            #expect(
                after == before,
                "\(Set(after.split(separator: "\n")).symmetricDifference(before.split(separator: "\n")))")
            #expect(try await made.cluster.store.keys(TestCluster.prefix) == keys)
        }

        @Test(arguments: [TwoRuns.parts, TwoRuns.plain])
        func `amfetchdump fetches each run's own content`(plan: ConfigurationPlan) async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(plan)
            defer { amanda.remove() }
            for (run, text) in zip(made.runs, ["the first\n", "the second\n"]) {
                let tree = try await amanda.unpack(amanda.fetchDump(made.small, run: run))
                #expect(try String(contentsOfFile: "\(tree)/letters/a letter", encoding: .utf8) == text)
            }
        }

        @Test(arguments: [TwoRuns.parts, TwoRuns.plain])
        func `amrecover lists history and directories, and extracts single files`(
            plan: ConfigurationPlan
        ) async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(plan)
            defer { amanda.remove() }
            let target = "\(made.cluster.directory)/recovered-\(plan.name)"
            let session = try await amanda.recover(
                [
                    "sethost localhost", "setdisk \(made.small)", "history", "ls", "cd letters", "ls",
                    "add \"a letter\"", "list", "extract", "y", "y",
                ], into: target)
            for (run, number) in zip(made.runs, 1...) {
                let day = "\(run.spelledRun.replacing(" ", with: "-").replacing(":", with: "-"))"
                #expect(
                    session.contains("201- \(day) \(number - 1) \(plan.name):\(plan.name)-000\(number):"),
                    "\(session)")
            }
            #expect(
                session.contains(
                    "\(made.runs[1].spelledRun.replacing(" ", with: "-").replacing(":", with: "-")) new\n"),
                "\(session)")
            #expect(
                try String(contentsOfFile: "\(target)/letters/a letter", encoding: .utf8) == "the second\n")
            #expect(!FileManager.default.fileExists(atPath: "\(target)/other"))

            let old = target + "-old"
            let date = made.runs[0].spelledRun.replacing(" ", with: "-").replacing(":", with: "-")
            let earlier = try await amanda.recover(
                [
                    "sethost localhost", "setdate \(date)", "setdisk \(made.small)", "ls", "add letters",
                    "add other",
                    "extract", "y", "y",
                ], into: old)
            #expect(!earlier.contains(" new\n"), "\(earlier)")
            #expect(try String(contentsOfFile: "\(old)/letters/a letter", encoding: .utf8) == "the first\n")
            #expect(try String(contentsOfFile: "\(old)/letters/old/kept", encoding: .utf8) == "kept\n")
            #expect(try String(contentsOfFile: "\(old)/other", encoding: .utf8) == "another\n")
        }

        @Test func `the next run of stock Amanda builds on our dumps`() async throws {
            let made = try Arranged.as(TwoRuns.self)
            let amanda = try await made.amanda(TwoRuns.parts)
            defer { amanda.remove() }
            try write("since\n", to: "\(made.small)/since")
            try await amanda.dump()
            let name = TwoRuns.parts.name
            let found = try await amanda.tool("amadmin", "find").split(separator: "\n").map(String.init)
            for disk in [made.small, made.large] {
                let lines = found.filter { $0.contains(" localhost \(disk) ") && $0.contains("\(name)-0003") }
                #expect(lines.count == 1 && lines[0].contains(" \(disk) 1 "), "\(found)")
            }
            let due = try await amanda.tool("amadmin", "due")
            #expect(due.contains("Due in 6 days: localhost:\(made.small)"), "\(due)")
            let index = try await amanda.recover(
                ["sethost localhost", "setdisk \(made.small)", "ls"], into: "\(made.cluster.directory)/look")
            #expect(index.contains(" since\n") && index.contains(" other\n"), "\(index)")
        }
    }
}
