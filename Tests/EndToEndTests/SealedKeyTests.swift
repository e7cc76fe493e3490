// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One node whose disk amcrypt encrypts, backed up once, behind a proxy that can hold a restore anywhere.
struct SealedKeyCluster: Arrangement {
    static let plan = ConfigurationPlan(
        name: StockAmanda.newName("sealed"), partSize: "5 megabytes", blockSize: "5 megabytes",
        dumptypeLines: ["encrypt server\nserver_encrypt \"/usr/sbin/amcrypt\"\nserver_decrypt_option \"-d\""])

    let cluster: TestCluster
    let proxy: FaultyProxy
    let file: String
    let data: TreeManifest
    /// What must be shown nowhere.
    let secrets: [String]

    var node: ClusterNode { cluster.nodes[0] }
    var passphrase: String { "\(node.sandbox.home)/.am_passphrase" }
    var key: String { "\(node.sandbox.home)/.gnupg/am_key.gpg" }

    static func arrange() async throws -> SealedKeyCluster {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [plan.name])
        do {
            let node = cluster.nodes[0]
            try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 12, randomMebibytes: 12)
            try write("a line\n", to: "\(node.data)/file")
            try await cluster.configure([plan])
            try await cluster.startAgents()
            let proxy = try FaultyProxy(to: cluster.store.port)
            let file = try cluster.clusterFile("held") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
                $0.set("limits", "agentLost", to: "60s")
            }
            try cluster.expectSuccess(try await cluster.amfleet(["key", "create"]))
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let home = node.sandbox.home
            let secrets = try [".am_passphrase", ".gnupg/am_key.gpg"].flatMap { name in
                try String(contentsOfFile: "\(home)/\(name)", encoding: .utf8).split(separator: "\n")
                    .map(String.init).filter { $0.count >= 20 && !$0.hasPrefix("-----") }
            }
            return SealedKeyCluster(
                cluster: cluster, proxy: proxy, file: file, data: try await TreeManifest(of: node.data),
                secrets: secrets)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// What a new machine lacks.
    func loseKeys() async throws {
        try await script("rm -rf \"$1\"/.gnupg \"$1\"/.am_passphrase*", [node.sandbox.home])
    }

    func restore(_ target: String, _ more: [String] = []) -> [String] {
        ["restore", "--cluster", file, "--configuration", Self.plan.name, "--to", target] + more
    }

    var kit: [String] { ["--recovery-key", cluster.recoveryKit] }

    func top(_ target: String) -> String { "\(target)/node01/\(Self.plan.name)\(node.data)" }

    func expectWhole(_ target: String) async throws {
        #expect(try await data.difference(from: TreeManifest(of: top(target))) == "")
        let owners = try await script("stat -c '%U %a' \"$1\" \"$2\"", [passphrase, key])
        #expect(owners == "backup 600\nbackup 600\n", "\(owners)")
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}

extension EndToEnd {
    /// The keys of encrypted dumps on the worst day.
    @Suite(
        .serialized,
        .needs(Machine.cluster + ["gpg", "aespipe", "uuencode", "amcrypt"]),
        .arranged(SealedKeyCluster.self), .timeLimit(.minutes(10)))
    struct SealedKeyTests {
        @Test func `without the kit the key is named before the first byte`() async throws {
            let made = try Arranged.as(SealedKeyCluster.self)
            try await made.loseKeys()
            let target = "\(made.cluster.directory)/without"
            let result = try await made.cluster.amfleet(made.restore(target))
            #expect(result.exit == 1, "\(result)")
            #expect(
                result.text.contains(
                    "/.am_passphrase' is not there, and '/usr/sbin/amcrypt' decrypts nothing"),
                "\(result)")
            #expect(result.text.contains("--recovery-key FILE"), "\(result)")
            #expect(!result.text.contains("nor in the bucket"), "\(result)")
            #expect(!FileManager.default.fileExists(atPath: "\(made.top(target))/file"))
        }

        @Test func `with the kit keys and data are back`() async throws {
            let made = try Arranged.as(SealedKeyCluster.self)
            try await made.loseKeys()
            let target = "\(made.cluster.directory)/with"
            let plan = try await made.cluster.amfleet(made.restore(target, made.kit + ["--dry-run"]))
            #expect(plan.exit == 0, "\(plan)")
            #expect(!FileManager.default.fileExists(atPath: made.passphrase))
            let result = try await made.cluster.amfleet(made.restore(target, made.kit))
            #expect(result.exit == 0, "\(result)")
            try await made.expectWhole(target)
        }

        @Test func `an agent that was killed in between gets the secrets again`() async throws {
            let made = try Arranged.as(SealedKeyCluster.self)
            try await made.loseKeys()
            let target = "\(made.cluster.directory)/killed"
            let struck = made.proxy.struckCount
            made.proxy.inject(.stallAnswer(after: 1 << 20), method: "GET", target: "mp.data")
            let running = try made.cluster.startAmfleet(made.restore(target, made.kit))
            do {
                try await eventually("the restore has its keys: \(running.text)") {
                    FileManager.default.fileExists(atPath: made.key)
                        && FileManager.default.fileExists(atPath: "\(made.top(target))")
                        && made.proxy.struckCount > struck
                }
                await made.node.kill()
                try await made.loseKeys()
                try await made.node.start()
            } catch {
                await running.kill()
                throw error
            }
            let result = try await running.end()
            #expect(result.exit == 0, "\(result)")
            try await made.expectWhole(target)
        }

        @Test func `another key stays, and what was encrypted with the sealed one comes back all the same`()
            async throws
        {
            let made = try Arranged.as(SealedKeyCluster.self)
            try await made.loseKeys()
            try await script(
                "printf 'another passphrase\\n' > \"$1\"; chown backup: \"$1\"; chmod 600 \"$1\"",
                [made.passphrase])
            let target = "\(made.cluster.directory)/other"
            let kept = try await made.cluster.amfleet(made.restore(target, made.kit))
            #expect(kept.exit == 0 && kept.text.contains("another one is there"), "\(kept)")
            #expect(try await made.data.difference(from: TreeManifest(of: made.top(target))) == "")
            #expect(try String(contentsOfFile: made.passphrase, encoding: .utf8) == "another passphrase\n")
            try await script("rm -rf \"$1\"", [target])
            let replaced = try await made.cluster.amfleet(
                made.restore(target, made.kit + ["--overwrite-keys"]))
            #expect(replaced.exit == 0, "\(replaced)")
            try await made.expectWhole(target)
        }

        @Test func `status names what has changed since it was sealed, and the next backup seals it`()
            async throws
        {
            let made = try Arranged.as(SealedKeyCluster.self)
            try await made.loseKeys()
            try made.cluster.expectSuccess(
                try await made.cluster.amfleet(
                    made.restore("\(made.cluster.directory)/again", made.kit)))
            let current = try await made.cluster.amfleet(["status"])
            #expect(!current.text.contains("not as it was sealed"), "\(current)")
            try await script("printf '\\n' >> \"$1\"", [made.passphrase])
            let changed = try await made.cluster.amfleet(["status"])
            #expect(
                changed.exit == 7
                    && changed.text.contains("not as it was sealed: '/var/backups/.am_passphrase'"),
                "\(changed)")
            let backup = try await made.cluster.amfleet(["backup"])
            #expect(backup.exit == 0, "\(backup)")
            let mended = try await made.cluster.amfleet(["status"])
            #expect(!mended.text.contains("not as it was sealed"), "\(mended)")
        }

        @Test func `nothing of them stands in logs, events, jobs or outputs`() async throws {
            let made = try Arranged.as(SealedKeyCluster.self)
            #expect(made.secrets.count > 2)
            for secret in made.secrets {
                let base64 = Data(secret.utf8).base64EncodedString()
                let found = try await script(
                    "grep -rlF -e \"$1\" -e \"$2\" \"$3\" \"$4\" \"$5\"/*.out \"$5\"/*.err || true",
                    [
                        secret, String(base64.dropLast(4)), made.node.state,
                        made.cluster.coordinatorDirectory,
                        made.cluster.directory,
                    ])
                #expect(found == "", "\(found)")
                #expect(!made.node.log.contains(secret))
            }
        }

    }
}
