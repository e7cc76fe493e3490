// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Keys that change while dumps that were made with the old ones are still wanted.
    @Suite(
        .serialized,
        .needs(Machine.cluster + ["gpg", "aespipe", "uuencode", "amcrypt", "amcrypt-ossl"]),
        .timeLimit(.minutes(10)))
    struct ChangedKeysTests {
        private func passphrase(_ made: RolledBackCatalog) throws -> String {
            try String(contentsOfFile: "\(made.node.sandbox.home)/.am_passphrase", encoding: .utf8)
        }

        /// Other keys than before.
        private func changeKeys(_ made: RolledBackCatalog) async throws {
            try await loseKeys(made)
            try made.cluster.expectSuccess(try await made.cluster.amfleet(["key", "create"]))
        }

        private func loseKeys(_ made: RolledBackCatalog) async throws {
            try await script("rm -rf \"$1\"/.gnupg \"$1\"/.am_passphrase*", [made.node.sandbox.home])
        }

        private func versions(_ made: RolledBackCatalog) async throws -> [String] {
            let folder = "\(TestCluster.prefix)/_amfleet/nodes/node01/"
            return try await made.cluster.store.keys("\(folder)secrets-").map {
                String($0.dropFirst(folder.count))
            }
            .sorted()
        }

        /// Everything of a run, beside what is there, on a machine that has none of the keys or `others`.
        private func expectWhole(
            _ made: RolledBackCatalog, _ run: String, _ trees: [String: TreeManifest]
        ) async throws {
            let target = "\(made.cluster.directory)/r-\(UUID().uuidString.prefix(8))"
            let result = try await made.cluster.amfleet([
                "restore", "--run", run, "--configuration", made.plan.name, "--to", target, "--recovery-key",
                made.cluster.recoveryKit,
            ])
            #expect(result.exit == 0, "\(result)")
            for (disk, tree) in trees {
                let restored = try await TreeManifest(of: "\(target)/node01/\(made.plan.name)\(disk)")
                #expect(tree.difference(from: restored) == "", "\(disk): \(result)")
            }
        }

        @Test(.long, arguments: ["amcrypt", "amcrypt-ossl"])
        func
            `keys that changed between two attempts of a run, and between its levels, all open what they made`(
                program: String
            ) async throws
        {
            try await RolledBackCatalog.make(
                "changed-\(program)", slots: 6, dumpcycle: 7,
                dumptypeLines: ["encrypt server", "server_encrypt \"/usr/sbin/\(program)\""]
            ).use { made in
                try made.cluster.expectSuccess(try await made.cluster.amfleet(["key", "create"]))
                let old = try passphrase(made)
                try await script("mv \"$1\" \"$1.away\"", [made.large])
                let begun = try await made.cluster.amfleet(["backup"])
                #expect(begun.exit != 0, "a disk is not there: \(begun)")
                let run = begun.run
                try await script("mv \"$1.away\" \"$1\"", [made.large])
                try await changeKeys(made)
                let new = try passphrase(made)
                #expect(old != new)
                let retried = try await made.cluster.amfleet(["retry", run])
                #expect(retried.exit == 0, "\(retried)")
                #expect(try await versions(made) == ["secrets-\(run).2.cms", "secrets-\(run).cms"])
                let trees = [
                    made.large: try await TreeManifest(of: made.large),
                    made.small: try await TreeManifest(of: made.small),
                ]
                let status = try await made.cluster.amfleet(["status"])
                #expect(
                    !status.text.contains("not as it was sealed") && !status.text.contains("not sealed"),
                    "\(status)")

                // An increment with the new keys onto a full dump with the old ones.
                try write("later\n", to: "\(made.small)/later")
                let next = try await made.cluster.amfleet(["backup"])
                #expect(next.exit == 0, "\(next)")
                let later = [
                    made.large: try await TreeManifest(of: made.large),
                    made.small: try await TreeManifest(of: made.small),
                ]

                try await loseKeys(made)
                try await expectWhole(made, run, trees)
                #expect(try passphrase(made) == new)
                // And where quite another key is in the place, which stays.
                try await changeKeys(made)
                let own = try passphrase(made)
                try await expectWhole(made, next.run, later)
                #expect(try passphrase(made) == own)

                let check = try await made.cluster.amfleet([
                    "recovery", "check", "--recovery-key", made.cluster.recoveryKit,
                ])
                #expect(check.exit == 0, "\(check)")
            }
        }

        @Test(.long) func `a rotation seals every version anew, and what is sealed later goes beside it`()
            async throws
        {
            try await RolledBackCatalog.make(
                "rotated-keys",
                dumptypeLines: ["encrypt server", "server_encrypt \"/usr/sbin/amcrypt-ossl\""]
            ).use { made in
                try made.cluster.expectSuccess(try await made.cluster.amfleet(["key", "create"]))
                try await script("mv \"$1\" \"$1.away\"", [made.large])
                let run = try await made.cluster.amfleet(["backup"]).run
                try await script("mv \"$1.away\" \"$1\"", [made.large])
                try await changeKeys(made)
                try made.cluster.expectSuccess(try await made.cluster.amfleet(["retry", run]))
                let kit = "\(made.cluster.directory)/new-kit.txt"
                let rotated = try await made.cluster.amfleet([
                    "recovery", "rotate", "--recovery-key", made.cluster.recoveryKit, "--new-kit", kit,
                ])
                #expect(rotated.exit == 0 && rotated.text.contains("2"), "\(rotated)")
                let old = try await made.cluster.amfleet([
                    "recovery", "check", "--recovery-key", made.cluster.recoveryKit,
                ])
                #expect(old.exit == 7, "\(old)")
                let check = try await made.cluster.amfleet(["recovery", "check", "--recovery-key", kit])
                #expect(check.exit == 0, "\(check)")
            }
        }
    }
}
