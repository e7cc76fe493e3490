// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials
import Sealing
import Testing

@testable import Agent

/// The next commands after a bootstrap find what this one found, and lie where it put things.
@Suite struct BootstrapAdviceTests {
    private func order(_ change: (inout BootstrapOrder) -> Void = { _ in }) -> BootstrapOrder {
        var order = BootstrapOrder(
            node: "node01", storage: StorageAddress(bucket: "b", prefix: "a/b", region: "us-east-1"))
        change(&order)
        return order
    }

    private func commands(_ order: BootstrapOrder) throws -> [String] {
        var report = BootstrapReport(
            order, selfBackup: "amanda-server", run: try #require(RunName("20261130020000")))
        var secrets = BootstrapSecrets()
        secrets.key = "a/b/_amfleet/nodes/node01/secrets-20261130020000.cms"
        report.secrets = secrets
        var data = BootstrapReport.Configuration(name: "data")
        data.foreignHosts = ["old.example.org"]
        report.configurations = [data, .init(name: "amanda-server")]
        return BootstrapAdvice(order: order, report: report).commands
    }

    private func call(_ flag: String, in commands: [String]) -> String? {
        commands.first { $0.hasPrefix("amfleetd bootstrap") && $0.contains(" \(flag)") }?
            .split(separator: "   #").first.map(String.init)
    }

    @Test func `nothing is said that goes without saying`() throws {
        let advised = try commands(order())
        #expect(
            call("--recovery-key", in: advised)
                == "amfleetd bootstrap s3://b/a/b --node node01 --region us-east-1 --recovery-key FILE")
        #expect(
            call("--adopt", in: advised)
                == "amfleetd bootstrap s3://b/a/b --node node01 --region us-east-1 --adopt")
    }

    @Test func `its data come back beside the self-backup that is back`() throws {
        #expect(
            try commands(order()).contains {
                $0.hasPrefix("amfleet restore --node node01 --configuration data   #")
            })
    }

    @Test func `the store, the places and the time are those of the call before`() throws {
        let advised = try commands(
            order {
                $0.storage.endpoint = "https://store.example:9000"
                $0.storage.addressing = .path
                $0.storageAuthority = "/root/store ca.pem"
                $0.credentialsFile = "keys"
                $0.configuration = "amanda-server"
                $0.amandaDirectory = "/opt/amanda"
                $0.stateDirectory = "/opt/state"
                $0.time = Datestamp("20261130020059")
                $0.acceptsSecurityFile = true
                // What is in place would be refused, or written over, a second time.
                $0.overwrites = true
            })
        #expect(
            call("--adopt", in: advised)
                == "amfleetd bootstrap s3://b/a/b --node node01 --configuration amanda-server --region us-east-1 "
                + "--endpoint https://store.example:9000 --addressing path --storage-authority '/root/store ca.pem' "
                + "--credentials-file keys --amanda-directory /opt/amanda --state-directory /opt/state "
                + "--accept-security-file --at 20261130020059 --adopt")
    }

    @Test func `the key is named as it was, and what its kit says is not said again`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let storage = StorageAddress(
            bucket: "b", prefix: "a/b", region: "eu-west-1", endpoint: "https://store.example:9000",
            addressing: .path)
        let kit = RecoveryKit(
            cluster: "demo", clusterID: nil, storage: storage,
            authorities: [String(repeating: "a", count: 64)], date: .now,
            certificatePEM: try #require(key.certificate?.pem), keyPEM: try key.pem(passphrase: nil))
        let advised = try commands(
            order {
                $0.storage = storage
                $0.storage.region = "eu-west-2"
                ($0.kit, $0.recoveryKey, $0.recoveryKeyFile) = (kit, key, "kit of demo.txt")
                $0.passphraseFile = "words"
            })
        #expect(call("--recovery-key FILE", in: advised) == nil)
        #expect(
            call("--adopt", in: advised)
                == "amfleetd bootstrap s3://b/a/b --node node01 --region eu-west-2 --recovery-key 'kit of demo.txt' "
                + "--recovery-passphrase-file words --adopt")
    }
}
