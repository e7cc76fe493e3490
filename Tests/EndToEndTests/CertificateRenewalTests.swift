// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What `status` says of a certificate that ends soon, done as it says.
    @Suite(.needs(Machine.cluster + ["openssl"]), .timeLimit(.minutes(9)))
    struct CertificateRenewalTests {
        @Test func `the hint's command gives the node a new certificate, and nobody copies a file`()
            async throws
        {
            try await withCluster { cluster, node in
                try await script(
                    Self.endSoon, [cluster.coordinatorDirectory, "\(node.directory)/agent/node01"])
                try await cluster.startAgents()
                let before = try await cluster.amfleet(["status"])
                #expect(before.output.contains("node01: its certificate expires in 2 d"), "\(before)")
                let key = try Data(contentsOf: URL(fileURLWithPath: "\(node.directory)/agent/node01.key"))
                try await carryOutHint("gives it a new one", of: before, cluster)
                let after = try await cluster.amfleet(["status"])
                #expect(
                    after.output.contains("node01") && !after.output.contains("its certificate"), "\(after)")
                #expect(!after.output.contains("does not answer"), "\(after)")
                let new = try Data(contentsOf: URL(fileURLWithPath: "\(node.directory)/agent/node01.key"))
                #expect(new != key)
                #expect(try permissions("\(node.directory)/agent/node01.key") == 0o600)
                let other = try await cluster.amfleet(["node", "renew", "node02"])
                #expect(other.exit == 2, "\(other)")
            }
        }

        @Test(.long) func `the same for the coordinator, and with a key that is kept elsewhere`() async throws
        {
            try await withCluster { cluster, node in
                let folder = cluster.coordinatorDirectory
                try await script(Self.endSoon, [folder, "\(folder)/coordinator"])
                try await script(Self.endSoon, [folder, "\(node.directory)/agent/node01"])
                try await script("mkdir \"$1/safe\"; mv \"$1/ca.key\" \"$1/safe/\"", [folder])
                try await cluster.startAgents()
                let before = try await cluster.amfleet(["status"])
                #expect(before.output.contains("the coordinator's certificate expires in 2 d"), "\(before)")
                let bare = try await cluster.amfleet(["node", "renew", "--all"])
                #expect(bare.exit == 2 && bare.errors.contains("--authority-key FILE"), "\(bare)")
                for command in ["coordinator", "node"] {
                    let hint = try #require(
                        before.output.split(separator: "\n").first {
                            $0.contains("'amfleet \(command) renew") && $0.contains("--authority-key FILE")
                        }, "\(before)")
                    let words = hint.split(separator: "'")[1].split(separator: " ").dropFirst().map(
                        String.init)
                    try await cluster.expectSuccess(
                        cluster.amfleet(words.map { $0 == "FILE" ? "safe/ca.key" : $0 }))
                }
                let after = try await cluster.amfleet(["status"])
                #expect(!after.output.contains("certificate expires"), "\(after)")
                #expect(!after.output.contains("does not answer"), "\(after)")
            }
        }

        @Test func `a backup renews by itself what has a third of its life left, where the key is at hand`()
            async throws
        {
            try await withCluster { cluster, node in
                try await script(
                    Self.agedBy(days: 600), [cluster.coordinatorDirectory, "\(node.directory)/agent/node01"])
                try await cluster.startAgents()
                let backup = try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                #expect(backup.errors.contains("node01: its certificate is new, until"), "\(backup)")
                let again = try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                #expect(!again.errors.contains("its certificate is new"), "\(again)")
            }
        }

        @Test func `a node whose certificate has expired is named with its mend, which mends it`()
            async throws
        {
            try await withCluster { cluster, node in
                try await script(
                    Self.agedBy(days: 900), [cluster.coordinatorDirectory, "\(node.directory)/agent/node01"])
                try await cluster.startAgents()
                let before = try await cluster.amfleet(["status"])
                #expect(
                    before.output.contains("amfleet node renew node01 --folder DIRECTORY"), "\(before)")
                try await cluster.expectSuccess(
                    cluster.amfleet(["node", "renew", "node01", "--folder", "new"]))
                try await script(
                    "cp \"$1\"/new/* \"$2\"", [cluster.coordinatorDirectory, "\(node.directory)/agent"])
                try await eventually("the agent shows its new certificate") {
                    let after = try await cluster.amfleet(["status"])
                    return !after.output.contains("does not answer") && !after.output.contains("expired")
                }
            }
        }

        private func withCluster(_ body: (TestCluster, ClusterNode) async throws -> Void) async throws {
            let cluster = try await TestCluster(nodes: ["node01"])
            do {
                try await cluster.configure([ConfigurationPlan(name: "vertica")])
                try await body(cluster, cluster.nodes[0])
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func carryOutHint(
            _ words: String, of status: CommandResult, _ cluster: TestCluster
        ) async throws {
            let hint = try #require(
                status.output.split(separator: "\n").first { $0.contains(words) }, "\(status)")
            let command = hint.split(separator: "'")[1].split(separator: " ").map(String.init)
            #expect(command.first == "amfleet", "\(hint)")
            try await cluster.expectSuccess(cluster.amfleet(Array(command.dropFirst())))
        }

        private func permissions(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }

        /// The same key and names, issued so many days ago for 825.
        private static func agedBy(days: Int) -> String {
            """
            openssl x509 -x509toreq -copy_extensions copy -in "$2.pem" -signkey "$2.key" -out "$2.csr" 2>/dev/null
            mkdir -p "$2.db" && touch "$2.db/index"
            printf '[ca]\ndefault_ca=x\n[x]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\nO=optional\nCN=optional\n' "$2.db" "$2.db" > "$2.conf"
            openssl ca -batch -notext -config "$2.conf" -cert "$1/ca.pem" -keyfile "$1/ca.key" -in "$2.csr" -out "$2.new" \
                -startdate "$(date -u -d '-\(days) days' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d '+\(825 - days) days' +%Y%m%d%H%M%SZ)" 2>/dev/null
            mv "$2.new" "$2.pem"; rm -rf "$2.csr" "$2.conf" "$2.db"
            """
        }

        /// The same key and names, for three days.
        private static let endSoon = """
            openssl x509 -x509toreq -copy_extensions copy -in "$2.pem" -signkey "$2.key" 2>/dev/null |
                openssl x509 -req -copy_extensions copy -CA "$1/ca.pem" -CAkey "$1/ca.key" -days 3 -out "$2.new" 2>/dev/null
            mv "$2.new" "$2.pem"
            """
    }
}
