// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// All that the documents promise, with exactly the permissions that they name, before a store that says 403 as AWS does.
    @Suite(.serialized, .needs(Machine.cluster + Machine.amanda), .timeLimit(.minutes(10)))
    struct PolicyLifeTests {
        /// Its dumps go by the holding disk, and its volumes to the archive.
        private static func plans(_ node: ClusterNode) -> [ConfigurationPlan] {
            var held = ConfigurationPlan(name: "held", blockSize: "5 megabytes", tapecycle: 2, dumpcycle: 7)
            held.globalLines = [
                "holdingdisk hd {\n    directory \"\(node.directory)/holding\"\n    use -10 Mb\n    chunksize 8 Mb\n}"
            ]
            held.dumptypeLines = ["holdingdisk required"]
            if node.name == PolicedCluster.archiver {
                held.changerLines = ["device-property \"TRANSITION-TO-GLACIER\" \"1\""]
            }
            return [PolicedCluster.vertica, held]
        }

        @Test(
            .long,
            arguments: LongTests.whole(
                PolicyGate.MissingKeys.allCases, or: [.always403],
                leavingOut: "one of the two readings of s3:prefix in PolicyLifeTests"))
        func `the documented policies are enough for everything, and nothing in them is too much`(
            missingKeys: PolicyGate.MissingKeys
        ) async throws {
            let made = try await PolicedCluster.make(
                missingKeys, nodes: ["node01", "node02"], configurations: ["vertica", "held"], Self.plans)
            do {
                try await live(made)
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        private func live(_ made: PolicedCluster) async throws {
            let first = try await good(made, "backup")
            #expect(first.text.contains("is no-reuse and moves to Glacier"), "\(first)")
            #expect(!first.text.contains("does not move to Glacier"), "\(first)")
            try await look(made, first.run)
            try await hold(made)
            try await restoreStock(made)
            try await accept(made)
            try await comeBack(made)
            try await overwrite(made)
            // While the first lock of all is held it names no volumes yet: whoever sees that asks for the rules, and notes that it may not.
            let unexpected = made.gate.denials.filter {
                $0.name == PolicedCluster.archiver || $0.action != "s3:GetLifecycleConfiguration"
            }
            #expect(unexpected.isEmpty, "\(unexpected)")
            #expect(made.gate.denials.count <= 1, "\(made.gate.denials)")
            try useless(made)
            try await strangers(made)
        }

        private func look(_ made: PolicedCluster, _ run: String) async throws {
            let verbs = [
                ["plan"], ["status"], ["list"], ["show", run], ["pin", run], ["volumes"], ["unpin", run],
            ]
            for verb in verbs {
                try await good(made, verb)
            }
            #expect(made.gate.lifecycle.contains("demo/node01/held/slot-01f"), "\(made.gate.lifecycle)")
        }

        /// A dump that must not be sent is held; its record is lost, and made again once it is sent.
        private func hold(_ made: PolicedCluster) async throws {
            try made.proxy.inject(
                .error(status: 403, code: "AccessDenied"), method: "PUT",
                target: "node01/held/slot-02f00000001-mp.data?partNumber=1")
            let backup = try await made.cluster.amfleet(["backup"])
            try made.proxy.clear()
            #expect(backup.exit == 3 && backup.text.contains("held"), "\(backup)")
            let record = "demo/_amfleet/runs/\(backup.run)/nodes/node01.json"
            try await made.cluster.store.removeObject(record)
            try await good(made, "flush")
            #expect(try await made.cluster.store.keys(record) == [record])
            let retry = try await made.cluster.amfleet(["retry", backup.run])
            #expect([0, 2].contains(retry.exit), "\(retry)")
            try await good(made, "show", backup.run)
        }

        /// A run of which there is no record: that it is missing has to be certain.
        private func restoreStock(_ made: PolicedCluster) async throws {
            let amanda = try await StockAmanda(
                "vertica", of: made.node, work: "\(made.cluster.directory)/stock")
            defer { amanda.remove() }
            try await amanda.dump()
            let tapelist = try String(
                contentsOfFile: "\(made.node.directory(of: "vertica"))/tapelist", encoding: .utf8)
            let run = String(try #require(tapelist.split(separator: " ").first))
            let target = "\(made.cluster.directory)/from-stock"
            try await good(
                made, "restore", "--run", run, "--node", "node01", "--configuration", "vertica", "--to",
                target)
            let (before, after) = (
                try await TreeManifest(of: made.node.data),
                try await TreeManifest(of: "\(target)/node01/vertica\(made.node.data)")
            )
            #expect(before.difference(from: after) == "")
        }

        private func accept(_ made: PolicedCluster) async throws {
            let data = made.node.data
            let aside = "\(made.cluster.directory)/aside"
            try FileManager.default.moveItem(atPath: data, toPath: aside)
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            let suspect = try await made.cluster.amfleet(["backup"])
            #expect(suspect.exit == 3 && suspect.text.contains("suspect"), "\(suspect)")
            for configuration in ["vertica", "held"] {
                try await made.cluster.expectSuccess(
                    made.cluster.amfleet([
                        "accept", suspect.run, "--node", "node01", "--configuration", configuration, "--disk",
                        data,
                    ]))
            }
            try FileManager.default.removeItem(atPath: data)
            try FileManager.default.moveItem(atPath: aside, toPath: data)
        }

        /// An empty machine gets all of it.
        private func comeBack(_ made: PolicedCluster) async throws {
            try await good(made, "backup")
            let before = try await TreeManifest(of: made.node.data)
            try await made.cluster.stopAgents()
            for node in made.cluster.nodes { try node.wipe() }
            try await made.cluster.startAgents()
            try await good(
                made, "restore", "--configuration", "vertica", "--configuration",
                ConfigurationPlan.selfBackup.name)
            #expect(try await before.difference(from: TreeManifest(of: made.node.data)) == "")
        }

        /// Runs of one configuration follow each other on its volumes: what the first of them left becomes history.
        private func overwrite(_ made: PolicedCluster) async throws {
            var said = ""
            for _ in 0..<6 where !said.contains("history") {
                said = try await good(made, "backup", "--configuration", "vertica").text
            }
            #expect(said.contains("history: every volume of it has been overwritten"), "\(said)")
        }

        /// Whatever the policies allow has been needed; a node's, by one of them.
        private func useless(_ made: PolicedCluster) throws {
            let nodes = made.cluster.nodes.map(\.name)
            for (owner, names) in [("node01", nodes), ("coordinator", ["coordinator"])] {
                let used = Set(
                    names.flatMap { made.gate.used(by: $0) }.map {
                        $0.description.replacingOccurrences(of: "node02", with: "node01")
                    })
                let unused = try made.policy(of: owner).permissions.filter {
                    !Self.elsewhere.contains($0.action) && !$0.isOfNoRun && !used.contains($0.description)
                }
                #expect(unused.isEmpty, "\(owner): \(unused)")
            }
        }

        /// Needed where an upload is given up or its answer was lost, and where something lies in the archive.
        private static let elsewhere: Set = [
            "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads",
            "s3:RestoreObject",
        ]

        private func strangers(_ made: PolicedCluster) async throws {
            let key = "demo/node02/vertica/slot-01special-tapestart"
            let bucket = ClusterStore.bucket
            for arguments in [
                ["get-object", "--bucket", bucket, "--key", key, "/dev/null"],
                ["put-object", "--bucket", bucket, "--key", key],
                ["delete-object", "--bucket", bucket, "--key", key],
                ["list-objects-v2", "--bucket", bucket, "--prefix", "demo/node02/"],
                ["list-objects-v2", "--bucket", bucket],
                ["get-object", "--bucket", bucket, "--key", "demo/_amfleet/lease.json", "/dev/null"],
                ["put-object", "--bucket", bucket, "--key", "demo/_amfleet/runs/x/nodes/node02.json"],
                ["delete-object", "--bucket", bucket, "--key", "demo/_amfleet/runs/x/nodes/node01.json"],
                ["put-object", "--bucket", bucket, "--key", "demo/_amfleet/nodes/node02/secrets-x.cms"],
                ["get-object", "--bucket", bucket, "--key", "demo/_amfleet/nodes/node02/x", "/dev/null"],
                ["delete-object", "--bucket", bucket, "--key", "demo/_amfleet/nodes/node01/secrets-x.cms"],
                ["put-object", "--bucket", bucket, "--key", "demo/_amfleet/recovery/x.pem"],
                ["put-object", "--bucket", bucket, "--key", "demo/_amfleet/authorities/x.pem"],
                ["put-object", "--bucket", bucket, "--key", "demo/_amfleet/offsets/node02/x"],
                ["get-object", "--bucket", bucket, "--key", "demo/_amfleet/coordinator.cms", "/dev/null"],
            ] {
                let result = try await made.aws(as: "node01", ["s3api"] + arguments)
                #expect(result.exit != 0 && result.errors.contains("AccessDenied"), "\(result)")
            }
        }

        @discardableResult
        private func good(_ made: PolicedCluster, _ arguments: String...) async throws -> CommandResult {
            try await good(made, arguments)
        }

        @discardableResult
        private func good(_ made: PolicedCluster, _ arguments: [String]) async throws -> CommandResult {
            try await made.cluster.expectSuccess(made.cluster.amfleet(arguments))
        }
    }
}
