// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A disk that is not what it was: the dump is stored, called suspect, and takes nothing from the last plausible one.
    @Suite(.serialized) struct ImplausibleDumpTests {
        @Test(.long) func `a disk that is not mounted costs no dump, until it is back or accepted`()
            async throws
        {
            let cluster = try await TestCluster(nodes: ["node01"], configurations: ["daily"])
            do {
                try await notMounted(cluster, cluster.nodes[0])
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func notMounted(_ cluster: TestCluster, _ node: ClusterNode) async throws {
            try await cluster.configure([ConfigurationPlan(name: "daily", tapecycle: 3)])
            try await cluster.startAgents()
            try await node.mount(node.data, mebibytes: 20, smallFiles: 120)
            let whole = try await sums(node, node.data)
            let first = try await backUp(cluster, expecting: 0)
            try cluster.expectSuccess(try await cluster.amfleet(["status"]))

            try await node.unmount(node.data)
            let second = try await backUp(cluster, expecting: 3)
            #expect(second.text.contains("run \(second.run): suspect"), "\(second.text)")
            for figure in [
                "daily: \(node.data): suspect", "0 files", "121 files", "20.3 MiB in run \(first.run)",
            ] {
                #expect(second.text.contains(figure), "\(figure): \(second.text)")
            }
            let status = try await cluster.amfleet(["status"])
            #expect(status.exit == 7, "\(status)")
            #expect(status.text.contains("\(node.data): run \(second.run) is suspect: no file"), "\(status)")
            #expect(status.text.contains("0 files") && status.text.contains("121 files"), "\(status)")
            let listed = try await cluster.amfleet(["list"])
            #expect(listed.text.contains("\(second.run)  suspect"), "\(listed)")
            let shown = try await cluster.amfleet(["show", second.run])
            #expect(shown.text.contains("of cluster demo: suspect"), "\(shown)")
            #expect(shown.text.contains("121 names, 121 files, 20.3 MiB in run \(first.run)"), "\(shown)")
            try await stockReads(node, cluster, second.run)

            // As many nights as the cycle has volumes, and one more; a machine that has lost its memory judges the same.
            for night in 3...6 {
                if night == 4 {
                    try await node.stop()
                    try FileManager.default.removeItem(atPath: node.state)
                    try await node.start()
                }
                let later = try await backUp(cluster, expecting: 3)
                #expect(later.text.contains("20.3 MiB in run \(first.run)"), "night \(night): \(later.text)")
            }
            let volumes = try await cluster.amfleet(["volumes"])
            #expect(
                volumes.text.contains("holds the newest full dump of localhost:\(node.data)"), "\(volumes)")
            try await restores(cluster, node, first.run, second.run, whole)

            try await node.mount(node.data, mebibytes: 20, smallFiles: 120)
            let again = try await backUp(cluster, expecting: 0)
            #expect(again.text.contains("run \(again.run): complete"), "\(again.text)")
            try cluster.expectSuccess(try await cluster.amfleet(["status"]))
            try await accepted(cluster, node, again.run)
        }

        private func restores(
            _ cluster: TestCluster, _ node: ClusterNode, _ plausible: String, _ suspect: String,
            _ whole: String
        ) async throws {
            let target = "\(cluster.directory)/back"
            let restored = try await cluster.amfleet(["restore", "--configuration", "daily", "--to", target])
            #expect(restored.exit == 0, "\(restored)")
            #expect(restored.text.contains("run \(plausible): restored on 1/1 nodes"), "\(restored)")
            #expect(
                restored.text.contains("is newer and suspect: it is taken only with --run"), "\(restored)")
            #expect(try await sums(node, "\(target)/node01/daily\(node.data)") == whole)
            let runs = try await cluster.amfleet(["list"])
            let newest = try #require(runs.output.split(separator: "\n").dropFirst().first?.prefix(14))
            let named = try await cluster.amfleet([
                "restore", "--run", "\(newest)", "--configuration", "daily", "--to",
                "\(cluster.directory)/named",
            ])
            #expect(named.exit == 0, "\(named)")
            #expect(named.output.contains("note: daily: \(node.data): suspect: no file"), "\(named)")
        }

        /// More than half of the names are gone, and most bytes are still there.
        private func accepted(_ cluster: TestCluster, _ node: ClusterNode, _ plausible: String) async throws {
            try await node.inNamespace("rm \"$1\"/small-[1-8]*", [node.data])
            let run = try await backUp(cluster, expecting: 3)
            #expect(run.text.contains("too few names: 12 names"), "\(run.text)")
            #expect(run.text.contains("121 names"), "\(run.text)")
            let common = ["--node", "node01", "--disk"]
            for (arguments, exit, text) in [
                (["19991231235959"] + common + [node.data], 2, "no run 19991231235959 in the bucket"),
                (["yesterday"] + common + [node.data], 2, "is no run"),
                ([run.run, "--node", "node02", "--disk", node.data], 2, "no node 'node02' in cluster.json"),
                ([run.run] + common + ["/elsewhere"], 2, "has no dump of disk '/elsewhere'"),
                ([run.run] + common + ["\(node.directory)/etc"], 2, "is not suspect"),
                ([plausible] + common + [node.data], 2, "is not suspect"),
                (
                    [run.run] + common + [node.data, "--configuration", "weekly"], 2,
                    "no configuration 'weekly'"
                ),
            ] {
                let refused = try await cluster.amfleet(["accept"] + arguments)
                #expect(refused.exit == Int32(exit) && refused.text.contains(text), "\(refused)")
            }
            let done = try await cluster.amfleet(["accept", run.run] + common + [node.data])
            #expect(done.exit == 0 && done.text.contains("run \(run.run) is complete now"), "\(done)")
            let twice = try await cluster.amfleet(["accept", run.run] + common + [node.data])
            #expect(twice.exit == 2 && twice.text.contains("has been accepted already"), "\(twice)")
            try cluster.expectSuccess(try await cluster.amfleet(["status"]))
            let shown = try await cluster.amfleet(["show", run.run])
            #expect(shown.text.contains("\(node.data): accepted by "), "\(shown)")
            _ = try await backUp(cluster, expecting: 0)
        }

        /// Stock Amanda's catalog has a suspect dump like any other.
        private func stockReads(
            _ node: ClusterNode, _ cluster: TestCluster, _ run: String
        ) async throws {
            let amanda = try await StockAmanda("daily", of: node, work: "\(cluster.directory)/stock")
            defer { amanda.remove() }
            #expect(try await amanda.find().contains(node.data))
            let archive = try await amanda.fetchDump(node.data, run: run)
            #expect(try await script("tar -tf \"$1\"", [archive]) == "./\n")
        }

        @Test(.long) func `an increment whose tree is gone is suspect, and one of another device is not`()
            async throws
        {
            let cluster = try await TestCluster(nodes: ["node01"], configurations: ["daily"])
            do {
                try await increments(cluster, cluster.nodes[0])
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func increments(_ cluster: TestCluster, _ node: ClusterNode) async throws {
            try await cluster.configure([
                ConfigurationPlan(name: "daily", tapecycle: 4, dumpcycle: 7, isRecorded: true)
            ])
            try await cluster.startAgents()
            try await node.mount(node.data, mebibytes: 20)
            _ = try await backUp(cluster, expecting: 0)
            try await node.inNamespace("sleep 1.1; echo more >\"$1/more\"", [node.data])
            let second = try await backUp(cluster, expecting: 0)
            #expect(try await levels(cluster, second.run) == ["1"])

            try await node.inNamespace("mkdir \"$1/../kept\"; mv \"$1\"/* \"$1/../kept\"", [node.data])
            let gone = try await backUp(cluster, expecting: 3)
            #expect(try await levels(cluster, gone.run) == ["1"])
            #expect(gone.text.contains("no file, where there were some"), "\(gone.text)")
            #expect(gone.text.contains("0 names, 0 files now"), "\(gone.text)")
            let restored = try await cluster.amfleet([
                "restore", "--configuration", "daily", "--to", "\(cluster.directory)/back",
            ])
            #expect(
                restored.exit == 0 && restored.text.contains("run \(second.run): restored"), "\(restored)")

            // The same files on another file system: the increment stores them all, and says why.
            try await node.inNamespace(
                """
                mkdir "$1/../again"
                mount -t tmpfs -o size=64m amfleet-test "$1/../again"
                cp -a "$1/../kept/." "$1/../again"
                umount "$1"
                mount --move "$1/../again" "$1"
                """, [node.data])
            let moved = try await backUp(cluster, expecting: 0)
            #expect(try await levels(cluster, moved.run) == ["1"])
            #expect(moved.text.contains(/the device number of .* changed from \d+ to \d+/), "\(moved.text)")
        }

        /// Of the data configuration's dumps in a run.
        private func levels(_ cluster: TestCluster, _ run: String) async throws -> [String] {
            let shown = try await cluster.amfleet(["show", run])
            return shown.output.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ")
                return fields.count > 4 && fields[0] == "node01" && fields[1] == "daily"
                    ? "\(fields[3])" : nil
            }
        }

        private func backUp(
            _ cluster: TestCluster, expecting exit: Int32
        ) async throws -> (run: String, text: String) {
            let result = try await cluster.amfleet(["backup"])
            #expect(result.exit == exit, "\(result)")
            let run = try #require(result.text.firstMatch(of: /run (\d{14}):/)?.1, "\(result)")
            return (String(run), result.text)
        }

        private func sums(_ node: ClusterNode, _ directory: String) async throws -> String {
            try await node.inNamespace("cd \"$1\"; find . -type f | sort | xargs sha256sum", [directory])
        }
    }
}
