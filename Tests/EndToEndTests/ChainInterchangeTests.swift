// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.OneBackupTests {
    /// Levels 0, 1 and 2 of one disk, each made by either program, each day restored by both.
    @Suite(.serialized) struct ChainInterchangeTests {
        enum Writer: String, Sendable { case stock, amfleet }

        static let orders: [[Writer]] = [
            [.stock, .stock, .stock], [.amfleet, .stock, .amfleet], [.stock, .amfleet, .stock],
        ]

        /// What happens to the disk before each run. Directories are made before others go: GNU tar takes a number that was
        /// given again for a renaming, and stock Amanda's archives then cannot be unpacked (`BaseSnapshot`).
        private static let days = [
            """
            mkdir -p stays goes/deep moved/sub swapped becomes-file
            echo 0 | tee stays/file goes/file goes/deep/file moved/file moved/sub/file becomes-file/file changes hard >/dev/null
            echo file > becomes-directory; ln hard harder; ln -s stays link; truncate -s 3M sparse; echo end >> sparse
            echo untouched > old; touch -d '2001-02-03 04:05:06' old
            """,
            """
            rm becomes-directory; mkdir becomes-directory; echo 1 > becomes-directory/in
            rm -r goes; mv moved 'moved on'; mv changes changed; echo 1 >> changed; ln harder hardest
            echo older > back-dated; touch -d '2000-01-01' back-dated; setfattr -n user.day -v one stays/file
            """,
            """
            mkdir goes; echo back > goes/again
            rm -r becomes-file 'moved on/sub'; echo now > becomes-file; rm hardest
            mv 'moved on' moved; printf 2 | dd of=sparse bs=1M seek=1 conv=notrunc status=none; chmod 600 old
            """,
        ]

        @Test(
            .long,
            arguments: LongTests.whole(
                orders, or: [orders[1]], leavingOut: "two of the three orders of ChainInterchangeTests"))
        func `each day comes back through either program`(
            order: [Writer]
        ) async throws {
            let made = try Arranged.as(OneBackup.self)
            let plan = ConfigurationPlan(
                name: StockAmanda.newName("chain-" + order.map { $0.rawValue.prefix(1) }.joined()),
                compress: "client fast", partSize: "10 megabytes", blockSize: "5 megabytes", tapecycle: 8,
                dumpcycle: 7, isRecorded: true, globalLines: ["bumpsize 1 kb", "bumppercent 0", "bumpdays 1"])
            let disk = "\(made.node.data)-\(plan.name)"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            try await made.node.configure(plan, disks: [disk])
            let amanda = try await made.amanda(plan.name)
            defer { amanda.remove() }
            let file = try made.cluster.clusterFile(plan.name) {
                $0.set("configurations", "data", to: [plan.name])
            }
            var runs: [String] = []
            var trees: [TreeManifest] = []
            for (day, writer) in order.enumerated() {
                try await script("cd \"$1\"; \(Self.days[day])\nsleep 1.1", [disk])
                trees.append(try await TreeManifest(of: disk))
                if day == 2 { _ = try await amanda.tool("amadmin", "force-bump", "localhost", disk) }
                try await write(writer, amanda, made, file)
                runs.append(try newestRun(made, plan))
            }

            let found = try await amanda.tool("amadmin", "find").split(separator: "\n")
            #expect(found.filter { $0.contains(disk) }.count == 3, "\(found)")
            for (level, run) in runs.enumerated() {
                #expect(
                    found.contains { $0.hasPrefix("\(run.spelledRun) localhost \(disk) \(level) ") },
                    "\(found)")
            }
            for (day, run) in runs.enumerated() {
                let target = "\(made.cluster.directory)/from-\(plan.name)-\(day)"
                // What amfleet made is enough for an empty machine, whoever made what it builds on.
                let away = order[day] == .amfleet ? made.node.directory(of: plan.name) : nil
                if let away { try FileManager.default.moveItem(atPath: away, toPath: "\(away)-away") }
                let result = try await made.cluster.amfleet([
                    "restore", "--cluster", file, "--run", run, "--configuration", plan.name, "--to", target,
                ])
                if let away { try FileManager.default.moveItem(atPath: "\(away)-away", toPath: away) }
                #expect(result.exit == 0, "day \(day): \(result)")
                let ours = try await TreeManifest(of: "\(target)/node01/\(plan.name)\(disk)")
                #expect(trees[day].difference(from: ours) == "", "day \(day) by amfleet")

                let theirs = try await restore(amanda, disk, runs: runs[...day], made)
                #expect(trees[day].difference(from: theirs) == "", "day \(day) by stock Amanda")
            }
        }

        private func write(
            _ writer: Writer, _ amanda: StockAmanda, _ made: OneBackup, _ file: String
        ) async throws {
            switch writer {
            case .stock: try await amanda.dump()
            case .amfleet:
                try made.cluster.expectSuccess(
                    try await made.cluster.amfleet(["backup", "--cluster", file]))
            }
        }

        private func newestRun(_ made: OneBackup, _ plan: ConfigurationPlan) throws -> String {
            let tapelist = try String(
                contentsOfFile: "\(made.node.directory(of: plan.name))/tapelist", encoding: .utf8)
            return String(tapelist.prefix { $0 != " " })
        }

        /// As Amanda's manual says: level after level into one tree.
        private func restore(
            _ amanda: StockAmanda, _ disk: String, runs: ArraySlice<String>, _ made: OneBackup
        ) async throws -> TreeManifest {
            let target = "\(made.cluster.directory)/stock-tree-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            for run in runs {
                let archive = try await amanda.fetchDump(disk, run: run)
                try await successful([
                    "/usr/bin/tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", target,
                    "-xpGf", archive,
                ])
            }
            return try await TreeManifest(of: target)
        }
    }
}
