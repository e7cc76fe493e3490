// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.OneBackupTests {
    /// Nights on which a disk is left out, by either program: the run still brings back the whole node.
    @Suite(.serialized) struct LeftOutDiskTests {
        @Test(.long) func `a run without a disk restores it as its newest dump found it`() async throws {
            let made = try Arranged.as(OneBackup.self)
            let plan = ConfigurationPlan(
                name: StockAmanda.newName("left-out"), compress: "client fast", blockSize: "5 megabytes",
                tapecycle: 8, dumpcycle: 7, isRecorded: true)
            let disks = ["nightly", "weekly"].map { "\(made.node.data)-\(plan.name)-\($0)" }
            try await script("mkdir \"$1\" \"$2\"; echo 1 | tee \"$1/a\" \"$2/a\" >/dev/null", disks)
            let text = plan.text(
                node: made.node.name, directory: made.node.directory(of: plan.name), store: made.node.store)
            try await made.node.configure(
                plan.name, text: text,
                disklist: """
                    localhost \(disks[0]) {
                        archive
                        strategy noinc
                    }
                    localhost \(disks[1]) {
                        archive
                        skip-incr yes
                    }

                    """)
            let amanda = try await made.amanda(plan.name)
            defer { amanda.remove() }
            let file = try made.cluster.clusterFile(plan.name) {
                $0.set("configurations", "data", to: [plan.name])
            }
            func backUp() async throws {
                try made.cluster.expectSuccess(
                    try await made.cluster.amfleet(["backup", "--cluster", file]))
            }
            try await backUp()
            let weekly = try await TreeManifest(of: disks[1])
            var nights: [(run: String, nightly: TreeManifest)] = []
            for night in 2...3 {
                try await script(
                    "echo \"$3\" >\"$1/a\"; echo \"$3\" >\"$2/late\"; sleep 1.1", disks + ["\(night)"])
                if night == 2 { try await amanda.dump() } else { try await backUp() }
                nights.append((try newestRun(made, plan), try await TreeManifest(of: disks[0])))
            }
            let shown = try await made.cluster.amfleet(["show", "--cluster", file, nights[1].run])
            #expect(
                shown.text.contains(
                    "\(disks[1]): left out of this run: a restore of it brings back level 0 of"),
                "\(shown)")

            for (index, night) in nights.enumerated() {
                let target = "\(made.cluster.directory)/from-\(plan.name)-\(index)"
                // Of stock Amanda's night only the node's catalog knows; ours is enough for an empty machine.
                let away = index == 1 ? made.node.directory(of: plan.name) : nil
                if let away { try FileManager.default.moveItem(atPath: away, toPath: "\(away)-away") }
                let result = try await made.cluster.amfleet([
                    "restore", "--cluster", file, "--run", night.run, "--configuration", plan.name, "--to",
                    target,
                ])
                if let away { try FileManager.default.moveItem(atPath: "\(away)-away", toPath: away) }
                #expect(result.exit == 0, "\(result)")
                #expect(result.text.contains("left out of this run: it is back as run "), "\(result)")
                for (disk, tree) in zip(disks, [night.nightly, weekly]) {
                    let found = try await TreeManifest(of: "\(target)/node01/\(plan.name)\(disk)")
                    #expect(tree.difference(from: found) == "", "night \(index + 2)")
                }
            }
        }

        private func newestRun(_ made: OneBackup, _ plan: ConfigurationPlan) throws -> String {
            let tapelist = try String(
                contentsOfFile: "\(made.node.directory(of: plan.name))/tapelist", encoding: .utf8)
            return String(tapelist.prefix { $0 != " " })
        }
    }
}
