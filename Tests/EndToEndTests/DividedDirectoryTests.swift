// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.OneBackupTests {
    /// One directory dumped as three disks, by either program, restored by ours; and what a restore refuses, said before.
    @Suite(.serialized) struct DividedDirectoryTests {
        private static let firstNight = """
            cd "$1"; mkdir anna nora; echo 1 | tee alpha anna/goes anna/stays nora/x north 0rest 0stays >/dev/null; sleep 1.1
            """
        private static let secondNight = """
            cd "$1"; rm -r alpha anna/goes nora 0rest; echo 2 | tee beta anna/new zoe 0new >/dev/null; sleep 1.1
            """

        private func disklist(_ directory: String) -> String {
            """
            localhost home-a-m \(directory) {
                archive
                include "./[a-m]*"
            }
            localhost home-n-z \(directory) {
                archive
                include "./[n-z]*"
            }
            localhost home-rest \(directory) {
                archive
                exclude "./[a-m]*"
                exclude append "./[n-z]*"
            }

            """
        }

        private struct Place {
            let plan: ConfigurationPlan
            let directory: String
            let file: String
        }

        private func configure(
            _ made: OneBackup, _ kind: String, disklist: (String) -> String
        ) async throws -> Place {
            let plan = ConfigurationPlan(
                name: StockAmanda.newName(kind), compress: "client fast", blockSize: "5 megabytes",
                tapecycle: 8, dumpcycle: 7, isRecorded: true,
                globalLines: ["bumpsize 1 kb", "bumppercent 0", "bumpdays 1"])
            let directory = "\(made.node.data)-\(plan.name)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let text = plan.text(
                node: made.node.name, directory: made.node.directory(of: plan.name), store: made.node.store)
            try await made.node.configure(plan.name, text: text, disklist: disklist(directory))
            let file = try made.cluster.clusterFile(plan.name) {
                $0.set("configurations", "data", to: [plan.name])
            }
            return Place(plan: plan, directory: directory, file: file)
        }

        private func newestRun(_ made: OneBackup, _ plan: ConfigurationPlan) throws -> String {
            let tapelist = try String(
                contentsOfFile: "\(made.node.directory(of: plan.name))/tapelist", encoding: .utf8)
            return String(tapelist.prefix { $0 != " " })
        }

        @Test(arguments: LongTests.first(1, of: [false, true], in: "DividedDirectoryTests"))
        func `three disks of one directory come back side by side, whichever program dumped them`(
            byStock: Bool
        ) async throws {
            let made = try Arranged.as(OneBackup.self)
            let place = try await configure(
                made, byStock ? "divided-stock" : "divided", disklist: disklist)
            let amanda = try await made.amanda(place.plan.name)
            defer { amanda.remove() }
            var nights: [(run: String, tree: TreeManifest)] = []
            for change in [Self.firstNight, Self.secondNight] {
                try await script(change, [place.directory])
                if byStock {
                    if !nights.isEmpty {
                        for disk in ["home-a-m", "home-n-z", "home-rest"] {
                            _ = try await amanda.tool("amadmin", "force-level-1", "localhost", disk)
                        }
                    }
                    try await amanda.dump()
                } else {
                    let backup = try await made.cluster.amfleet(["backup", "--cluster", place.file])
                    try made.cluster.expectSuccess(backup)
                }
                nights.append((try newestRun(made, place.plan), try await TreeManifest(of: place.directory)))
            }
            let found = try await amanda.tool("amadmin", "find").split(separator: "\n")
            #expect(found.filter { $0.contains(" home-") && $0.contains(" 1 ") }.count >= 3, "\(found)")
            // Stock Amanda reads what was written of a part.
            _ = try await amanda.fetchDump("home-a-m", run: nights[1].run)

            for (index, night) in nights.enumerated() {
                let target = "\(made.cluster.directory)/from-\(place.plan.name)-\(index)"
                let result = try await made.cluster.amfleet([
                    "restore", "--cluster", place.file, "--run", night.run, "--configuration",
                    place.plan.name, "--to", target,
                ])
                #expect(result.exit == 0, "\(result)")
                let restored = "\(target)/node01/\(place.plan.name)\(place.directory)"
                let isKept = byStock && index == 1
                #expect(result.text.contains("since the full dump is back") == isKept, "\(result)")
                if isKept {
                    #expect(FileManager.default.fileExists(atPath: "\(restored)/alpha"))
                    try await script("cd \"$1\"; rm -r alpha nora", [restored])
                }
                let difference = try await night.tree.difference(
                    from: TreeManifest(of: restored), except: ["'.'"])
                #expect(difference == "", "night \(index + 1)")
            }
        }

        @Test func `disks that overwrite each other: plan, status, show and restore say the same`()
            async throws
        {
            let made = try Arranged.as(OneBackup.self)
            let place = try await configure(made, "divided-wrong") { directory in
                "localhost one \(directory) archive\nlocalhost two \(directory) archive\n"
            }
            try await script(Self.firstNight, [place.directory])
            let reason = "'one' of '\(place.plan.name)' and 'two' of '\(place.plan.name)' would both go to"
            let plan = try await made.cluster.amfleet(["plan", "--cluster", place.file])
            #expect(plan.text.contains("a restore would refuse it: \(reason)"), "\(plan)")
            try made.cluster.expectSuccess(
                try await made.cluster.amfleet(["backup", "--cluster", place.file]))
            let run = try newestRun(made, place.plan)
            let status = try await made.cluster.amfleet(["status", "--cluster", place.file])
            #expect(status.exit == 7 && status.text.contains(reason), "\(status)")
            #expect(status.text.contains("restorable on 0/1 nodes"), "\(status)")
            let show = try await made.cluster.amfleet(["show", "--cluster", place.file, run])
            #expect(show.text.contains(reason), "\(show)")
            let list = try await made.cluster.amfleet(["list", "--cluster", place.file])
            #expect(list.text.contains(reason), "\(list)")
            let restore = try await made.cluster.amfleet([
                "restore", "--cluster", place.file, "--run", run, "--configuration", place.plan.name, "--to",
                "\(made.cluster.directory)/never",
            ])
            #expect(restore.exit == 1 && restore.text.contains(reason), "\(restore)")
            #expect(!FileManager.default.fileExists(atPath: "\(made.cluster.directory)/never"))

            // The hint: each gets a part of its own, and the next run can be restored.
            let hint =
                "give each a part of its own by 'include' and 'exclude' in the disklist, and back up again."
            #expect(restore.text.contains(hint), "\(restore)")
            try write(
                disklist(place.directory), to: "\(made.node.directory(of: place.plan.name))/disklist",
                mode: 0o644)
            try made.cluster.expectSuccess(
                try await made.cluster.amfleet(["backup", "--cluster", place.file]))
            let after = try await made.cluster.amfleet(["status", "--cluster", place.file])
            #expect(after.text.contains("restorable on 1/1 nodes"), "\(after)")
            #expect(!after.text.contains("a restore would refuse it"), "\(after)")
        }

        @Test func `what may be overwritten is said by name, and a wrong name is refused`() async throws {
            let made = try Arranged.as(OneBackup.self)
            let place = try await configure(made, "by-name") { "localhost \($0) archive\n" }
            try await script(Self.firstNight, [place.directory])
            let before = try await TreeManifest(of: place.directory)
            try made.cluster.expectSuccess(
                try await made.cluster.amfleet(["backup", "--cluster", place.file]))
            let run = try newestRun(made, place.plan)
            func restore(_ flags: String...) async throws -> CommandResult {
                try await made.cluster.amfleet(
                    ["restore", "--cluster", place.file, "--run", run, "--configuration", place.plan.name]
                        + flags)
            }
            try await script("echo changed >\"$1/alpha\"", [place.directory])
            let refused = try await restore()
            #expect(refused.exit == 1, "\(refused)")
            #expect(refused.text.contains("'--overwrite-disk \(place.directory)'"), "\(refused)")
            for wrong in [["--overwrite-disk", "/no"], ["--overwrite-configuration", "no"]] {
                let unknown = try await restore(wrong[0], wrong[1])
                #expect(unknown.exit == 2 && unknown.text.contains(wrong[0]), "\(unknown)")
            }
            for flags in [
                ["--overwrite-disk", place.directory], ["--overwrite-configuration", place.plan.name],
            ] {
                try await script("echo changed >\"$1/alpha\"", [place.directory])
                let done = try await restore(flags[0], flags[1])
                #expect(done.exit == 0, "\(done)")
                let difference = try await before.difference(
                    from: TreeManifest(of: place.directory), except: ["'.'"])
                #expect(difference == "")
            }
        }
    }
}
