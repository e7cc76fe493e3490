// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Runs that an operator keeps, and what stock Amanda thinks of it.
    @Suite(
        .serialized, .needs(Machine.cluster + Machine.amanda), .arranged(TightCluster.self),
        .timeLimit(.minutes(10)))
    struct PinTests {
        private func mark(_ node: ClusterNode, _ label: String) throws -> Substring? {
            try String(contentsOfFile: "\(node.directory(of: "vertica"))/tapelist", encoding: .utf8)
                .split(separator: "\n").first { $0.contains(" \(label) ") }
        }

        @Test func `a pinned run is kept by ours and by stock Amanda until it is unpinned`() async throws {
            let made = try Arranged.as(TightCluster.self)
            let (node, away) = (made.cluster.nodes[0], made.cluster.nodes[2])
            #expect(try await made.amfleet("backup").exit == 0)
            let run = try #require(try await made.list().first?.run)
            try await away.stop()

            let pinned = try await made.amfleet("pin", run)
            #expect(pinned.exit == 3, "\(pinned)")
            #expect(pinned.output.contains("run \(run) is pinned: it is not overwritten"), "\(pinned)")
            #expect(
                pinned.output.contains("node03: its tapelists are brought into line with its next job"),
                "\(pinned)")
            #expect(try mark(node, "vertica-0001")?.contains("no-reuse") == true)
            #expect(try mark(away, "vertica-0001")?.contains("no-reuse") == false)
            try await away.start()
            let again = try await made.amfleet("pin", run)
            #expect(again.exit == 0 && again.output.contains("is pinned already"), "\(again)")
            #expect(try mark(away, "vertica-0001")?.contains("no-reuse") == true)

            for _ in 0..<3 {
                let backup = try await made.amfleet("backup")
                #expect(backup.exit == 0, "\(backup)")
            }
            #expect(try await made.list().last.map { $0 == (run, "complete") } == true)
            for (verb, text) in [
                (["list"], "  pinned"), (["show", run], "pinned since "),
                (["volumes"], "holds run \(run), which is pinned"),
                (["plan"], "retention: 1 of the newest 2 volumes is left after this run"),
                (["status"], "run \(run) (pinned)"),
            ] {
                let said = try await made.cluster.amfleet(verb + ["--cluster", made.file]).output
                #expect(said.contains(text), "\(verb): \(said)")
            }
            let shown = try await made.json("show", run)
            #expect((shown["manifest"] as? [String: Any])?["pin"] != nil, "\(shown)")

            // Stock Amanda rewrites the file, and keeps what tells our mark from its own.
            let amanda = try await StockAmanda(
                "vertica", of: node, work: "\(made.cluster.directory)/stock-pin")
            defer { amanda.remove() }
            let next = try await amanda.both("amadmin", "tape")
            #expect(!next.contains("vertica-0001"), "\(next)")
            _ = try await amanda.both("amadmin", "no-reuse", "vertica-0003")

            let unpinned = try await made.amfleet("unpin", run)
            #expect(unpinned.exit == 0 && unpinned.output.contains("is no longer pinned"), "\(unpinned)")
            #expect(try mark(node, "vertica-0001")?.contains(" reuse") == true)
            #expect(try mark(node, "vertica-0001")?.contains("amfleet-pin") == false)
            #expect(
                try mark(node, "vertica-0003")?.contains("no-reuse") == true, "the operator's own mark stays")
            _ = try await amanda.both("amadmin", "reuse", "vertica-0003")
            let nothing = try await made.amfleet("unpin", run)
            #expect(nothing.exit == 0 && nothing.output.contains("was not pinned"), "\(nothing)")
            #expect(try await made.amfleet("backup").exit == 0)
            #expect(try await made.list().last.map { $0 == (run, "overwritten") } == true)
        }

        @Test func `a mark that the operator set before the pin stays when it goes`() async throws {
            let made = try Arranged.as(TightCluster.self)
            let node = made.cluster.nodes[0]
            #expect(try await made.amfleet("backup").exit == 0)
            let run = try #require(try await made.list().first?.run)
            let label = try #require(
                try String(contentsOfFile: "\(node.directory(of: "vertica"))/tapelist", encoding: .utf8)
                    .split(separator: " ").dropFirst().first.map(String.init))
            let amanda = try await StockAmanda(
                "vertica", of: node, work: "\(made.cluster.directory)/stock-own")
            defer { amanda.remove() }
            _ = try await amanda.both("amadmin", "no-reuse", label)
            #expect(try await made.amfleet("pin", run).exit == 0)
            #expect(try await made.amfleet("unpin", run).exit == 0)
            #expect(try mark(node, label)?.contains("no-reuse") == true)
            _ = try await amanda.both("amadmin", "reuse", label)
        }

        @Test(.long)
        func `where pins hold all that is not needed, the run is refused and every slot says why`()
            async throws
        {
            let made = try Arranged.as(TightCluster.self)
            var runs: [String] = []
            for _ in 0..<2 {
                #expect(try await made.amfleet("backup").exit == 0)
                let run = try #require(try await made.list().first?.run)
                let pinned = try await made.amfleet("pin", run)
                #expect(pinned.exit == 0, "\(pinned)")
                runs.append(run)
            }
            #expect(try await made.amfleet("backup").exit == 0)
            let refused = try await made.amfleet("backup")
            #expect(refused.exit == 1, "\(refused)")
            let plan = try await made.amfleet("plan", "--node", "node01").text
            for text in runs.map({ "holds run \($0), which is pinned" }) + [
                "holds the newest full dump of ", "give a run free with 'amfleet unpin ",
            ] {
                #expect(plan.contains(text), "\(text): \(plan)")
            }
            let status = try await made.amfleet("status")
            #expect(
                status.output.contains("no volume of configuration 'vertica' can be written"), "\(status)")
            for run in runs { #expect(try await made.amfleet("unpin", run).exit == 0) }
            #expect(try await made.amfleet("backup").exit == 0)
        }

        @Test(.long) func `what cannot be pinned is refused with its reason`() async throws {
            let made = try Arranged.as(TightCluster.self)
            let unknown = try await made.amfleet("pin", "20200101000000")
            #expect(
                unknown.exit == 2 && unknown.errors.contains("no run 20200101000000 in the bucket"),
                "\(unknown)")
            for _ in 0..<4 { #expect(try await made.amfleet("backup").exit == 0) }
            let gone = try #require(try await made.list().first { $0.state == "overwritten" }?.run)
            let refused = try await made.amfleet("pin", gone)
            #expect(refused.exit == 1, "\(refused)")
            #expect(
                refused.errors.contains("run \(gone) is history: every volume of it has been overwritten"),
                "\(refused)")
            // The hint works.
            #expect(refused.errors.contains("'amfleet show \(gone)'"), "\(refused)")
            let shown = try await made.amfleet("show", gone)
            #expect(shown.exit == 0 && shown.output.contains("(it ended as complete)"), "\(shown)")
        }
    }
}
