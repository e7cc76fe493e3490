// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A kit that was printed before the cluster's authority was renewed, twice, with the rights that the documents give and no others.
    @Suite(
        .needs(Machine.cluster + ["openssl", "amcrypt-ossl"]), .timeLimit(.minutes(9)))
    struct KitAfterRenewalTests {
        private static let plan = ConfigurationPlan(
            name: StockAmanda.newName("renewed"), blockSize: "5 megabytes",
            dumptypeLines: ["encrypt server", "server_encrypt \"/usr/sbin/amcrypt-ossl\""])

        @Test(.long) func `the old kit and a new one bring everything back, with the node's own rights`()
            async throws
        {
            let made = try await PolicedCluster.make(
                .always403, nodes: ["node01"], configurations: [Self.plan.name]
            ) { _ in [Self.plan] }
            do {
                try await comeBack(made)
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        private func comeBack(_ made: PolicedCluster) async throws {
            let (cluster, node) = (made.cluster, made.node)
            let passphrase = "\(node.sandbox.home)/.am_passphrase"
            try await cluster.expectSuccess(cluster.amfleet(["key", "create"]))
            let secret = try String(contentsOfFile: passphrase, encoding: .utf8)
            try await cluster.expectSuccess(cluster.amfleet(["backup"]))
            let data = try await TreeManifest(of: node.data)
            // What the node has sealed stays as the first authority's certificate has signed it.
            for _ in 0..<2 {
                let renewed = try await cluster.expectSuccess(cluster.amfleet(["authority", "renew"]))
                #expect(renewed.output.contains("the old authority is gone"), "\(renewed)")
            }
            let newKit = "\(cluster.directory)/new-kit.txt"
            try await cluster.expectSuccess(
                cluster.amfleet([
                    "recovery", "kit", "--recovery-key", cluster.recoveryKit, "--output", newKit,
                ]))

            for kit in [cluster.recoveryKit, newKit] {
                try FileManager.default.removeItem(atPath: passphrase)
                let target = "\(cluster.directory)/restored-\((kit as NSString).lastPathComponent)"
                try await cluster.expectSuccess(
                    cluster.amfleet([
                        "restore", "--configuration", Self.plan.name, "--to", target, "--recovery-key", kit,
                    ]))
                #expect(try String(contentsOfFile: passphrase, encoding: .utf8) == secret)
                let top = "\(target)/node01/\(Self.plan.name)\(node.data)"
                #expect(try await data.difference(from: TreeManifest(of: top)) == "")
            }
            try await recover(cluster, newKit)
            try await bootstrap(made, [cluster.recoveryKit, newKit], passphrase, secret)
            // Whoever came back so belongs to the cluster.
            try await node.start()
            let status = try await cluster.amfleet(["status"])
            #expect(!status.output.contains("does not answer"), "\(status)")
            let denied = made.gate.denials.filter { $0.action != "s3:GetLifecycleConfiguration" }
            #expect(denied.isEmpty, "\(denied)")
        }

        private func recover(_ cluster: TestCluster, _ newKit: String) async throws {
            let credentials = "\(cluster.directory)/own-credentials"
            try write(cluster.store.credentials(of: "coordinator"), to: credentials, mode: 0o600)
            for kit in [cluster.recoveryKit, newKit] {
                let directory = "\(cluster.directory)/again-\((kit as NSString).lastPathComponent)"
                let recovered = try await cluster.expectSuccess(
                    cluster.amfleet([
                        "recover", "s3://\(ClusterStore.bucket)/\(TestCluster.prefix)", "--recovery-key", kit,
                        "--credentials-file", credentials, "--directory", directory,
                    ]))
                #expect(recovered.output.contains("or one that followed from that"), "\(recovered)")
                let status = try await cluster.amfleet(["status", "--cluster", "\(directory)/cluster.json"])
                #expect(!status.text.contains("does not answer"), "\(status)")
            }
        }

        /// Each on a machine that has lost everything.
        private func bootstrap(
            _ made: PolicedCluster, _ kits: [String], _ passphrase: String, _ secret: String
        ) async throws {
            let node = made.node
            try await node.stop()
            for kit in kits {
                try node.wipe()
                try FileManager.default.removeItem(atPath: passphrase)
                let back = try await node.bootstrap(
                    from: made.cluster.store.endpoint, ["--recovery-key", kit])
                #expect(back.exit == 0, "\(back)")
                #expect(
                    (try? String(contentsOfFile: passphrase, encoding: .utf8)) == secret, "\(kit): \(back)")
            }
        }
    }
}
