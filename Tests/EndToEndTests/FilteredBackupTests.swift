// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Compression and encryption by programs, with stock Amanda on the other side.
    @Suite(
        .serialized,
        .needs(
            Machine.cluster + Machine.amanda + [
                "zstd", "bzip2", "gpg", "aespipe", "uuencode", "amcrypt", "openssl",
            ]),
        .arranged(FilteredBackup.self), .timeLimit(.minutes(10)))
    struct FilteredBackupTests {
        @Test func `key create makes keys, and never replaces any`() async throws {
            let made = try Arranged.as(FilteredBackup.self)
            #expect(made.keyCreation.exit == 0, "\(made.keyCreation)")
            #expect(made.keyCreation.output.contains("/var/backups/.gnupg/am_key.gpg"))
            #expect(made.keyCreation.output.contains("by a round trip"))
            let again = try await made.cluster.amfleet(["key", "create", "--json"])
            #expect(again.exit == 1, "\(again)")
            #expect(again.output.contains("is there already, and a key is never replaced"), "\(again)")
        }

        @Test func `at trace, no line of either side holds a passphrase or a key`() throws {
            let made = try Arranged.as(FilteredBackup.self)
            #expect(made.restore.exit == 0, "\(made.restore)")
            let passphrases = try String(
                contentsOfFile: "\(made.node.sandbox.home)/.am_passphrase", encoding: .utf8
            ).split(separator: "\n").map(String.init)
            #expect(!passphrases.isEmpty)
            let coordinator = [made.keyCreation, made.backup, made.restore].map(\.text).joined()
            for log in [coordinator, made.node.log] {
                #expect(log.contains(" trace "), "\(log.prefix(2000))")
                for secret in passphrases + (try made.cluster.secrets()) {
                    #expect(secret.count >= 20 && !log.contains(secret))
                }
            }
        }

        @Test func `the backup is complete`() throws {
            let backup = try Arranged.as(FilteredBackup.self).backup
            #expect(backup.exit == 0, "\(backup)")
        }

        @Test(arguments: LongTests.first(2, of: FilteredBackup.plans, in: "FilteredBackupTests"))
        func `stock Amanda restores it identical`(plan: ConfigurationPlan) async throws {
            let made = try Arranged.as(FilteredBackup.self)
            let amanda = try await made.amanda(plan.name)
            defer { amanda.remove() }
            let archive = try await amanda.fetchDump(made.node.data, filterGrumbles: plan.usesOpenSSL)
            let fetched = try await TreeManifest(of: amanda.unpack(archive))
            #expect(made.data.difference(from: fetched) == "")
        }

        @Test(
            .long,
            arguments: LongTests.whole(
                FilteredBackup.plans, or: [FilteredBackup.plans[0]],
                leavingOut: "further plans of FilteredBackupTests"))
        func `amfleet restores its own, and what stock Amanda wrote, identical`(
            plan: ConfigurationPlan
        ) async throws {
            let made = try Arranged.as(FilteredBackup.self)
            try await restore(made, plan, run: nil)
            let amanda = try await made.amanda(plan.name)
            defer { amanda.remove() }
            try await amanda.dump(filterGrumbles: plan.usesOpenSSL)
            let tapelist = try String(
                contentsOfFile: "\(made.node.directory(of: plan.name))/tapelist", encoding: .utf8)
            try await restore(made, plan, run: String(try #require(tapelist.split(separator: " ").first)))
        }

        private func restore(_ made: FilteredBackup, _ plan: ConfigurationPlan, run: String?) async throws {
            let target = "\(made.cluster.directory)/restored-\(plan.name)-\(run ?? "own")"
            let file = try made.cluster.clusterFile(plan.name) {
                $0.set("configurations", "data", to: [plan.name])
            }
            let result = try await made.cluster.amfleet(
                ["restore", "--cluster", file, "--configuration", plan.name, "--to", target]
                    + (run.map { ["--run", $0] } ?? []))
            #expect(result.exit == 0, "\(result)")
            let restored = try await TreeManifest(of: "\(target)/node01/\(plan.name)\(made.node.data)")
            #expect(made.data.difference(from: restored) == "")
        }
    }
}

extension ConfigurationPlan {
    /// Whether openssl warns in Amanda's hearing.
    fileprivate var usesOpenSSL: Bool { dumptypeLines.contains { $0.contains("amcrypt-ossl") } }
}

extension FilteredBackup {
    func amanda(_ configuration: String) async throws -> StockAmanda {
        try await StockAmanda(configuration, of: node, work: "\(cluster.directory)/stock")
    }
}
