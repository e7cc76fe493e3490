// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Runs of which nothing is left, with real volumes, a real store and real coordinators, one of which is killed.
    @Suite(.serialized, .needs(Machine.cluster), .timeLimit(.minutes(9)))
    struct HistoryTests {
        @Test(.long)
        func `an overwritten run becomes a line, whenever its coordinator was killed, and is still known`()
            async throws
        {
            try await HistoryCluster.make().use { made in
                var runs: [String] = []
                for _ in 0..<3 { runs.append(try await made.backUp()) }
                #expect(try await made.history(of: runs[0]).isEmpty)
                let before = try await made.records(of: runs[0])
                #expect(before.count > 1, "\(before)")

                try await killBeforeDeletion(of: runs[0], made)
                let written = try await made.history(of: runs[0])
                #expect(written.count == 1 && written[0].contains("\"run\":\"\(runs[0])\""), "\(written)")
                #expect(try await made.records(of: runs[0]) == before, "the line comes first")

                // The run of the killed coordinator was done: its upkeep comes last of all.
                let killed = try #require(try await made.list().names.first)
                runs += [killed, try await made.backUp()]
                #expect(try await made.records(of: runs[0]).isEmpty)
                #expect(try await made.records(of: runs[1]).isEmpty)
                let lines = try await made.history(of: runs[0])
                #expect(lines.count == 2 && lines[0] == written[0], "\(lines)")

                try await expectKnown(runs, made)
            }
        }

        /// Kills a backup whose upkeep has written the run's line and was not told so: the records would go next.
        private func killBeforeDeletion(of run: String, _ made: HistoryCluster) async throws {
            made.proxy.inject(
                .stallAnswer(after: 0), method: "PUT", target: "/history/\(run.prefix(4)).jsonl")
            let backup = try made.start("backup")
            do {
                try await eventually("the line is written: \(backup.text)") {
                    let isWritten = try await !made.history(of: run).isEmpty
                    return isWritten || !backup.isRunning
                }
            } catch {
                await backup.kill()
                throw error
            }
            #expect(backup.isRunning, "\(backup.text)")
            await backup.kill()
            made.proxy.clear()
            try await made.cluster.store.changeDocument("lease.json") { $0["expiresAt"] = $0["acquiredAt"] }
        }

        private func expectKnown(_ runs: [String], _ made: HistoryCluster) async throws {
            let shown = try await made.amfleet("show", runs[0])
            #expect(
                shown.exit == 0 && shown.output.contains("overwritten (it ended as complete)"), "\(shown)")
            #expect(shown.output.contains("node01"), "\(shown)")

            let all = try await made.list("--all")
            #expect(all.names == runs.reversed() && !all.isCut && all.exit == 0, "\(all)")
            #expect(all.ofHistory == [runs[1], runs[0]])
            let newest = try await made.list("--limit", "4")
            #expect(newest.names == Array(runs.reversed().prefix(4)) && newest.isCut, "\(newest)")
            #expect(newest.ofHistory == [runs[1]])
            let day =
                "\(runs[0].prefix(4))-\(runs[0].dropFirst(4).prefix(2))-\(runs[0].dropFirst(6).prefix(2))"
            #expect(try await made.list("--since", day).names == runs.reversed())
            #expect(try await made.list("--since", "2099-01-01").names.isEmpty)

            let table = try await made.amfleet("list", "--all").output.split(separator: "\n")
            let heading = try #require(table.first)
            let end = try #require(heading.range(of: "TOOK")?.upperBound)
            let width = heading.distance(from: heading.startIndex, to: end)
            for line in table.dropFirst().prefix(runs.count) {
                // Right-aligned below its heading: a backup of two small disks takes seconds.
                #expect(line.prefix(width).hasSuffix(" s"), "\(line)")
            }
        }

        @Test func `restore takes the newest run that is there, and names the newest's reason where none is`()
            async throws
        {
            try await HistoryCluster.make().use { made in
                let runs = [try await made.backUp(), try await made.backUp()]
                try await made.overwrite(runs[1])
                let target = "\(made.cluster.directory)/restored"
                func restore(_ target: String) async throws -> CommandResult {
                    try await made.amfleet("restore", "--configuration", "vertica", "--to", target)
                }
                let older = try await restore(target)
                #expect(older.exit == 0, "\(older)")
                #expect(older.text.contains("run \(runs[1]) is passed over: "), "\(older)")
                #expect(older.text.contains("run \(runs[0])"), "\(older)")
                let tree = try await TreeManifest(of: "\(target)/node01/vertica\(made.node.data)")
                #expect(try await TreeManifest(of: made.node.data).difference(from: tree) == "")

                try await made.overwrite(runs[0])
                let none = try await restore("\(target)-2")
                #expect(none.exit == 1, "\(none)")
                #expect(
                    none.errors.contains("no complete run can be restored: \(runs[1]) on node01: "), "\(none)"
                )
            }
        }
    }
}
