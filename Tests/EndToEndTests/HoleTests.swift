// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// File systems mounted inside a disk, and what is missing of a disk, before any night finds out.
    @Suite(.serialized) struct HoleTests {
        @Test(.long) func `what is mounted inside a disk is named, and new ones make a dump suspect`()
            async throws
        {
            try await withNode { cluster, node in
                let (db, cache, own) = ("\(node.data)/db", "\(node.data)/cache", "\(node.data)/own")
                try await node.configure(
                    "daily",
                    text: plan(node).text(
                        node: node.name, directory: node.directory(of: "daily"), store: node.store),
                    disklist: """
                        localhost \(node.data) {
                            archive
                            exclude "./cache"
                        }
                        localhost \(own) archive

                        """)
                try await cluster.startAgents()
                try await node.inNamespace(
                    "mkdir \"$1\" \"$2\"; echo x >\"$3/file\"", [db, cache, node.data])
                try await node.mount(own, mebibytes: 1)
                try await node.mount(cache, mebibytes: 1)
                try await node.inNamespace(
                    "mkdir \"$1/bound\"; mount --bind \"$1/db\" \"$1/bound\"", [node.data])
                _ = try await backUp(cluster, expecting: 0)
                let before = try await cluster.amfleet(["status"])
                #expect(before.exit == 0 && !before.text.contains("mounted inside"), "\(before)")

                try await node.mount(db, mebibytes: 3)
                for verb in ["status", "plan"] {
                    let said = try await cluster.amfleet([verb])
                    #expect(said.exit == 0, "\(said)")
                    #expect(
                        said.text.contains("'\(db)' (tmpfs, 3.0 MiB in use) is mounted inside")
                            || said.text.contains("'\(db)' (tmpfs, 3.0 MiB in use): is mounted inside"),
                        "\(said)")
                    #expect(!said.text.contains(cache) && !said.text.contains("'\(own)'"), "\(said)")
                }
                let text = try await backUp(cluster, expecting: 3)
                #expect(
                    text.contains("something is mounted inside that was not: '\(db)' (tmpfs, 3.0 MiB"),
                    "\(text)")
                try await node.unmount(db)
                _ = try await backUp(cluster, expecting: 0)
                let after = try await cluster.amfleet(["status"])
                #expect(after.exit == 0 && !after.text.contains("mounted inside"), "\(after)")
            }
        }

        @Test
        func `a mount over Amanda's own files makes a run suspect, and is a problem until it is mended`()
            async throws
        {
            try await withNode { cluster, node in
                try await cluster.configure([plan(node)])
                try await cluster.startAgents()
                try await node.inNamespace("echo x >\"$1/file\"", [node.data])
                let catalog = node.directory(of: "daily")
                try await node.inNamespace(
                    """
                    cp -a "$1" "$1-kept"; mount -t tmpfs -o mode=750 amfleet-test "$1"
                    chown --reference="$1-kept" "$1"; cp -a "$1-kept/." "$1"; rm -r "$1-kept"
                    """, [catalog])
                let text = try await backUp(cluster, expecting: 3)
                #expect(
                    text.contains(
                        "an empty machine could not start from it: it lacks '\(catalog)/amanda.conf' ('\(catalog)' is a file "
                            + "system of its own, which the disk leaves out)"), "\(text)")
                let said = "is mounted over Amanda's own files inside the self-backup, which leaves it out"
                #expect(text.contains("'\(catalog)' (tmpfs, ") && text.contains(said), "\(text)")
                let status = try await cluster.amfleet(["status"])
                #expect(status.exit == 7 && status.text.contains(said), "\(status)")
                #expect(status.text.contains("it lacks '\(catalog)/amanda.conf'"), "\(status)")
                #expect(status.text.contains("no self-backup of it is in the bucket"), "\(status)")
                try await node.inNamespace(
                    "cp -a \"$1\" \"$1-kept\"; umount \"$1\"; rm -r \"$1\"; mv \"$1-kept\" \"$1\"", [catalog])
                #expect(try await backUp(cluster, expecting: 0).contains(said) == false)
                let mended = try await cluster.amfleet(["status"])
                #expect(mended.exit == 0, "\(mended)")
            }
        }

        @Test func `what has changed since the self-backup is a remark, what is new and needed a problem`()
            async throws
        {
            try await withNode { cluster, node in
                try await cluster.configure([plan(node)])
                try await cluster.startAgents()
                try await node.inNamespace("echo x >\"$1/file\"", [node.data])
                let own = try await cluster.amfleet(["backup"])
                #expect(own.exit == 0, "\(own)")
                #expect(try await cluster.amfleet(["status"]).exit == 0)
                let conf = "\(node.directory(of: "daily"))/amanda.conf"
                try await script("echo '# edited' >>\"$1\"", [conf])
                let changed = try await cluster.amfleet(["status"])
                #expect(
                    changed.exit == 0 && changed.text.contains("'\(conf)' has changed since"), "\(changed)")
                try await script(
                    "echo 'netusage 8000' >\"$1/common\"; chmod 644 \"$1/common\"; echo \"includefile \\\"$1/common\\\"\" >>\"$2\"",
                    [node.amandaDirectory, conf])
                let new = try await cluster.amfleet(["status"])
                #expect(
                    new.exit == 7
                        && new.text.contains("'\(node.amandaDirectory)/common' is not in its self-backup"),
                    "\(new)")
                _ = try await backUp(cluster, expecting: 0)
                let mended = try await cluster.amfleet(["status"])
                #expect(mended.exit == 0 && !mended.text.contains("has changed since"), "\(mended)")
            }
        }

        @Test func `a disk, a holding disk or a list that is missing is a problem before the night`()
            async throws
        {
            try await withNode { cluster, node in
                let (gone, holding) = ("\(node.directory)/gone", "\(node.directory)/holding")
                var plan = plan(node)
                plan.globalLines = ["holdingdisk hd1 {\n    directory \"\(holding)\"\n}"]
                plan.dumptypeLines = ["exclude list \"\(node.directory)/excludes\""]
                try await node.configure(plan, disks: [node.data, gone])
                try await cluster.startAgents()
                let status = try await cluster.amfleet(["status"])
                #expect(status.exit == 7, "\(status)")
                let texts = [
                    "'\(gone)': cannot dump '\(gone)': it does not exist: its dump would fail",
                    "'\(node.data)': every dump is STRANGE: Can't open exclude file '\(node.directory)/excludes'",
                    "holding disk 'hd1' is not used: ",
                ]
                let planned = try await cluster.amfleet(["plan"])
                for text in texts {
                    #expect(status.text.contains(text), "\(text): \(status)")
                    #expect(planned.text.contains(text), "\(text): \(planned)")
                }
                try await script(
                    "mkdir \"$1\" \"$2\"; chown backup: \"$2\"; touch \"$3\"",
                    [gone, holding, "\(node.directory)/excludes"])
                _ = try await backUp(cluster, expecting: 0)
                let mended = try await cluster.amfleet(["status"])
                #expect(mended.exit == 0, "\(mended)")
            }
        }

        @Test func `a file system that does not answer is named, and keeps nobody`() async throws {
            try await withNode { cluster, node in
                let (disk, inside) = ("\(node.directory)/hung", "\(node.data)/inside")
                try await node.configure(plan(node), disks: [node.data, disk])
                try await script("mkdir \"$1\" \"$2\"", [disk, inside])
                try await cluster.startAgents()
                let programs = [try await node.mountSilent(disk), try await node.mountSilent(inside)]
                let start = ContinuousClock.now
                let status = try await cluster.amfleet(["status"])
                let took = start.duration(to: .now)
                for program in programs { await program.kill() }
                #expect(status.exit == 7 && took < .seconds(100), "\(took): \(status)")
                #expect(status.text.contains("'\(disk)' did not answer within 3 s"), "\(status)")
                #expect(status.text.contains("'\(inside)' (fuse, size not known)"), "\(status)")
            }
        }

        private func plan(_ node: ClusterNode) -> ConfigurationPlan {
            ConfigurationPlan(name: "daily", tapecycle: 5)
        }

        /// A node with its self-backup configured; its agent is not started.
        private func withNode(
            _ body: (TestCluster, ClusterNode) async throws -> Void
        ) async throws {
            let cluster = try await TestCluster(nodes: ["node01"], configurations: ["daily"])
            do {
                try await cluster.configure([])
                try await body(cluster, cluster.nodes[0])
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        @discardableResult
        private func backUp(_ cluster: TestCluster, expecting exit: Int32) async throws -> String {
            let result = try await cluster.amfleet(["backup"])
            #expect(result.exit == exit, "\(result)")
            return result.text
        }
    }
}
