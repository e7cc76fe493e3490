// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A machine that has lost everything becomes its node again without a coordinator, and Amanda's own programs work there.
    @Suite(.serialized, .needs(Machine.cluster + Machine.amanda + ["amrecover"]), .timeLimit(.minutes(9)))
    struct BootstrapTests {
        private func bootstrap(
            _ made: RolledBackCatalog, _ flags: [String] = []
        ) async throws -> CommandResult {
            try await made.node.bootstrap(from: made.cluster.store.endpoint, flags)
        }

        private func empty(_ made: RolledBackCatalog) async throws {
            try await made.node.stop()
            try made.node.wipe()
        }

        /// The data of another day.
        private func refill(_ made: RolledBackCatalog) async throws {
            for disk in [made.small, made.large] {
                try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            }
            try write("as it always was\n", to: "\(made.small)/old")
            try await SourceTree.writeFile("\(made.large)/noise", mebibytes: 3, randomMebibytes: 1)
        }

        @Test func `amadmin, amfetchdump and amrecover work at once, and nothing is done twice`() async throws
        {
            try await RolledBackCatalog.make("bootstrap").use { made in
                let first = try await made.backUp(1)
                let second = try await made.backUp(2)
                try await empty(made)

                let planned = try await bootstrap(made, ["--dry-run"])
                #expect(planned.exit == 0, "\(planned)")
                #expect(planned.output.contains("of run \(second.run)"), "\(planned)")
                #expect(!FileManager.default.fileExists(atPath: made.node.amandaDirectory))
                // A look leaves nothing behind.
                #expect(!FileManager.default.fileExists(atPath: made.node.state))

                let done = try await bootstrap(made)
                #expect(done.exit == 0, "\(done)")
                #expect(done.output.contains("this machine is node01's Amanda server again"), "\(done)")
                for run in [first.run, second.run] {
                    let lines = try await made.found(run)
                    #expect(lines.count == 2 && lines.allSatisfy { $0.hasSuffix(" OK") }, "\(lines)")
                }
                let tree = try await made.stock.unpack(made.stock.fetchDump(made.small, run: second.run))
                #expect(try await TreeManifest(of: tree) == second.tree)
                let target = "\(made.cluster.directory)/recovered"
                let session = try await made.stock.recover(
                    [
                        "sethost localhost", "setdisk \(made.small)", "ls", "add changing", "extract", "y",
                        "y",
                    ],
                    into: target)
                #expect(
                    try String(contentsOfFile: "\(target)/changing", encoding: .utf8) == "as of run 2\n",
                    "\(session)")

                let again = try await bootstrap(made)
                #expect(again.exit == 0, "\(again)")
                #expect(again.output.contains("the self-backup is back already"), "\(again)")
                // What went since is not back, and what is left is not written over.
                try FileManager.default.removeItem(atPath: made.directory)
                let half = try await bootstrap(made)
                #expect(half.exit == 1 && half.text.contains("is not empty"), "\(half)")
                let whole = try await bootstrap(made, ["--overwrite"])
                #expect(whole.exit == 0, "\(whole)")
                #expect(try await made.found(second.run).count == 2, "\(whole)")

                // And the cluster goes on with it.
                try await made.node.start()
                try await refill(made)
                let third = try await made.backUp(3)
                #expect(try await made.found(third.run).count == 2)
            }
        }

        @Test(.long) func `runs after the self-backup's are entered, whoever wrote them`() async throws {
            try await RolledBackCatalog.make("bootstrap-after").use { made in
                let first = try await made.backUp(1)
                let only = try await made.cluster.amfleet(["backup", "--configuration", made.plan.name])
                #expect(only.exit == 0 || only.exit == 3, "\(only)")
                try await empty(made)
                let done = try await bootstrap(made, ["--json"])
                #expect(done.exit == 0, "\(done)")
                let object = try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any]
                #expect(object?["run"] as? String == first.run, "\(done)")
                #expect(try await made.found(only.run).count == 2, "\(done)")
            }
        }

        @Test func `the newest self-backup that is not whole is passed over by name`() async throws {
            try await RolledBackCatalog.make("bootstrap-cut").use { made in
                let first = try await made.backUp(1)
                let second = try await made.backUp(2)
                let prefix = "\(TestCluster.prefix)/node01/\(ConfigurationPlan.selfBackup.name)/"
                let data = try await made.cluster.store.keys(prefix).filter { $0.hasSuffix("-mp.data") }
                    .sorted()
                #expect(data.count == 2, "\(data)")
                try await made.cluster.store.removeObject(data[1])
                try await empty(made)
                let done = try await bootstrap(made)
                #expect(done.exit == 0, "\(done)")
                #expect(done.output.contains("passed over: run \(second.run): level 0 of"), "\(done)")
                #expect(done.output.contains("of run \(first.run)"), "\(done)")
                #expect(try await made.found(second.run).count == 2, "\(done)")
            }
        }

        @Test(.long)
        func `damage that shows only when it is read names the one before, as it is to be typed`()
            async throws
        {
            try await RolledBackCatalog.make("bootstrap-flipped").use { made in
                let first = try await made.backUp(1)
                let second = try await made.backUp(2)
                let prefix = "\(TestCluster.prefix)/node01/\(ConfigurationPlan.selfBackup.name)/"
                let data = try await made.cluster.store.keys(prefix).filter { $0.hasSuffix("-mp.data") }
                    .sorted()
                let newest = try #require(data.last)
                try await made.cluster.store.flipByte(of: newest)
                try await empty(made)
                let done = try await bootstrap(made)
                #expect(done.exit == 1 || done.exit == 3, "\(done)")
                #expect(done.output.contains("of run \(second.run)"), "\(done)")
                #expect(
                    done.output.contains("'--at \(first.run)' takes the self-backup before it"), "\(done)")
                let line = try #require(
                    done.output.split(separator: "\n").first { $0.contains("amfleetd bootstrap s3://") })
                // As it stands: the store and the machine's directories are in it.
                let again = try await made.node.shell(String(line))
                #expect(again.exit == 0, "\(again)")
                #expect(again.output.contains("of run \(first.run)"), "\(again)")
                #expect(try await made.found(second.run).count == 2, "\(again)")
            }
        }

        @Test(.long) func `nothing that is there is written over, and nothing is half there`() async throws {
            try await RolledBackCatalog.make("bootstrap-full").use { made in
                _ = try await made.backUp(1)
                try await made.node.stop()
                let refused = try await bootstrap(made)
                #expect(refused.exit == 1, "\(refused)")
                #expect(refused.text.contains("'\(made.node.amandaDirectory)' is not empty"), "\(refused)")
                // A program's hints name its own flags, and a dry run foretells what the call itself does.
                #expect(
                    refused.text.contains("'--overwrite'") && !refused.text.contains("--overwrite-self")
                        && !refused.text.contains("--to"), "\(refused)")
                let planned = try await bootstrap(made, ["--dry-run"])
                #expect(planned.exit == 1, "\(planned)")
                #expect(
                    planned.text.contains("would not be restored")
                        && planned.text.contains("'\(made.node.amandaDirectory)' is not empty"), "\(planned)")
                let foretold = try await bootstrap(made, ["--dry-run", "--overwrite"])
                #expect(foretold.exit == 0, "\(foretold)")
                let other = try await bootstrap(made, ["--node", "node09"])
                #expect(other.exit == 2 || other.exit == 6, "\(other)")
                let nowhere = try await bootstrap(made, ["--at", "2001-01-01", "--overwrite"])
                #expect(nowhere.exit == 1, "\(nowhere)")
                #expect(nowhere.text.contains("no run of self-backup"), "\(nowhere)")
            }
        }

        @Test(.needs(["openssl", "amcrypt-ossl"]))
        func `sealed keys come back with the recovery key, and are named and left out without`() async throws
        {
            try await RolledBackCatalog.make(
                "bootstrap-keys",
                dumptypeLines: ["encrypt server", "server_encrypt \"/usr/sbin/amcrypt-ossl\""]
            ).use { made in
                let passphrase = "\(made.node.sandbox.home)/.am_passphrase"
                let created = try await made.cluster.amfleet(["key", "create"])
                #expect(created.exit == 0, "\(created)")
                let secret = try String(contentsOfFile: passphrase, encoding: .utf8)
                let first = try await made.backUp(1)
                try await empty(made)
                try FileManager.default.removeItem(atPath: passphrase)

                let without = try await bootstrap(made)
                #expect(without.exit == 0, "\(without)")
                #expect(
                    without.output.contains(".am_passphrase") && without.output.contains("left out"),
                    "\(without)")
                #expect(!FileManager.default.fileExists(atPath: passphrase))

                let planned = try await bootstrap(
                    made, ["--dry-run", "--recovery-key", made.cluster.recoveryKit])
                #expect(planned.exit == 0, "\(planned)")
                #expect(
                    planned.output.contains("would be put back")
                        && !planned.output.contains("--recovery-key"), "\(planned)")
                #expect(!FileManager.default.fileExists(atPath: passphrase))

                let line = try #require(
                    without.output.split(separator: "\n").first { $0.contains("--recovery-key FILE") })
                let with = try await made.node.shell(
                    String(line)
                        .replacing("--recovery-key FILE", with: "--recovery-key \(made.cluster.recoveryKit)"))
                #expect(with.exit == 0, "\(with)")
                #expect(try String(contentsOfFile: passphrase, encoding: .utf8) == secret)
                #expect(!with.text.contains(secret.split(separator: "\n")[0]))
                let tree = try await made.stock.unpack(
                    made.stock.fetchDump(made.small, run: first.run, filterGrumbles: true))
                #expect(try await TreeManifest(of: tree) == first.tree)
            }
        }

        @Test(.long, .needs(["openssl", "amcrypt-ossl"]))
        func `where the newest sealed version is gone, what older dumps need comes back all the same`()
            async throws
        {
            try await RolledBackCatalog.make(
                "bootstrap-older-keys",
                dumptypeLines: ["encrypt server", "server_encrypt \"/usr/sbin/amcrypt-ossl\""]
            ).use { made in
                let passphrase = "\(made.node.sandbox.home)/.am_passphrase"
                let created = try await made.cluster.amfleet(["key", "create"])
                #expect(created.exit == 0, "\(created)")
                let secret = try String(contentsOfFile: passphrase, encoding: .utf8)
                _ = try await made.backUp(1)
                let handle = try FileHandle(forWritingTo: URL(filePath: passphrase))
                try handle.truncate(atOffset: 0)
                try handle.write(contentsOf: Data("another passphrase, which is long enough\n".utf8))
                try handle.close()
                _ = try await made.backUp(2)
                let folder = "\(TestCluster.prefix)/_amfleet/nodes/node01/secrets-"
                let versions = try await made.cluster.store.keys(folder).sorted()
                #expect(versions.count == 2, "\(versions)")
                try await made.cluster.store.removeObject(try #require(versions.last))
                try await empty(made)
                try FileManager.default.removeItem(atPath: passphrase)

                let done = try await bootstrap(made, ["--recovery-key", made.cluster.recoveryKit])
                #expect(done.exit == 3, "\(done)")
                #expect(done.output.contains("are not there"), "\(done)")
                #expect(done.output.contains("sealed: \(versions[0])"), "\(done)")
                #expect(try String(contentsOfFile: passphrase, encoding: .utf8) == secret)
            }
        }

        @Test(.long) func `disks of the machine's old host name go on as localhost's, and stay known`()
            async throws
        {
            try await RolledBackCatalog.make("bootstrap-host").use { made in
                _ = try await made.backUp(1)
                let disklist = "\(made.directory)/disklist"
                try write(
                    "# of old\nold.example.org \(made.small) archive\nlocalhost \(made.large) archive\n",
                    to: disklist)
                // Only the self-backup sees it: the disks are another machine's for the node.
                let taken = try await made.cluster.amfleet([
                    "backup", "--configuration", ConfigurationPlan.selfBackup.name,
                ])
                #expect(taken.exit == 0 || taken.exit == 3, "\(taken)")
                try await empty(made)
                let told = try await bootstrap(made)
                #expect(
                    told.output.contains("names host 'old.example.org', which is not this machine"), "\(told)"
                )
                let adopted = try await bootstrap(made, ["--adopt"])
                #expect(adopted.exit == 0, "\(adopted)")
                let text = try String(contentsOfFile: disklist, encoding: .utf8)
                #expect(text.contains("\nlocalhost \(made.small) archive\n"), "\(text)")
                #expect(text.hasPrefix("# of old\n"), "\(text)")
                let known = try await made.stock.tool("amadmin", "disklist")
                #expect(known.contains("old.example.org") && known.contains(made.small), "\(known)")
                try await made.node.start()
                try await refill(made)
                let next = try await made.backUp(2)
                let lines = try await made.found(next.run)
                #expect(lines.count == 2 && lines.allSatisfy { $0.contains(" localhost ") }, "\(lines)")
            }
        }
    }
}
