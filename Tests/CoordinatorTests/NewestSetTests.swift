// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import Testing

@testable import Coordinator

/// What the newest run is said to be worth.
@Suite struct NewestSetTests {
    private let sound = RunOutlook(byNode: ["node01": .restorable, "node02": .restorable])

    private func manifest(_ verdict: RunManifest.Verdict, of asked: [ConfigurationChoice]) -> RunManifest {
        var manifest = Sample.manifest(
            [Sample.verdict("node01", .complete), Sample.verdict("node02", .complete)], verdict)
        manifest.configurations = asked
        return manifest
    }

    private func set(_ manifest: RunManifest) -> StatusReport.NewestSet {
        NewestSetJudgement.set(
            manifest, sound, nodes: ["node01", "node02"], configurations: Sample.asked)
    }

    @Test func `a run that left a configuration out is restorable on no node, and says which`() {
        let own = Sample.asked.filter { $0.role == .selfBackup }
        let found = set(manifest(.partial, of: own))
        #expect(found.restorableNodes == 0 && found.missingNodes == ["node01", "node02"])
        #expect(
            found.reasons.first
                == "node01: it was made without 'vertica': what else there is of that, older runs have")
        let findings = StatusJudgement.of(found, isKnown: true)
        #expect(findings.count == 2 && findings.allSatisfy { $0.weight == .problem })
    }

    @Test func `one that had all of its day stays a set when a configuration is added`() {
        let own = Sample.asked.filter { $0.role == .selfBackup }
        #expect(set(manifest(.complete, of: own)).restorableNodes == 2)
        #expect(set(manifest(.complete, of: Sample.asked)).restorableNodes == 2)
        // Nodes were left out, and no configuration.
        #expect(set(manifest(.partial, of: Sample.asked)).restorableNodes == 2)
    }

    @Test func `a run whose coordinator is gone is told, as long as nobody has judged it`() {
        let found = StatusJudgement.unfinished([.init(manifest(.running, of: Sample.asked))], jobs: [])
        #expect(found.map(\.weight) == [.problem])
        #expect(found.first?.fix?.hasPrefix("'amfleet watch 20261123030600'") == true)
        let atWork = StatusJudgement.unfinished(
            [.init(manifest(.running, of: Sample.asked))],
            jobs: [("node01", JobID.backup(Sample.run, node: "node01"))])
        #expect(atWork.map(\.weight) == [.remark])
        // A restore of it, another's part, and what bears its name only.
        let others: [(node: String, id: String)] = [
            ("node01", "restore-\(Sample.run)-abc-node01"),
            ("node01", JobID.backup(Sample.run, node: "node02")),
            ("node01", "\(Sample.run)"),
        ]
        #expect(
            StatusJudgement.unfinished([.init(manifest(.running, of: Sample.asked))], jobs: others).map(
                \.weight) == [.problem])
    }

    /// One that lived, with --no-lease, was called gone.
    @Test func `of a run without a lease nobody says that its coordinator is gone`() {
        var leaseless = Sample.manifest([Sample.verdict("node01", .running)], .running)
        leaseless.fence = 0
        let run = BucketFacts.UnfinishedRun(leaseless)
        let own = (node: "node01", id: JobID.backup(Sample.run, node: "node01"))
        for jobs in [[], [own]] {
            let found = StatusJudgement.unfinished([run], jobs: jobs)
            #expect(found.map(\.weight) == [jobs.isEmpty ? .problem : .remark])
            #expect(
                found[0].what.contains("no lease to tell whether its coordinator lives"), "\(found[0].what)")
            #expect(!found[0].what.contains("gone"))
            #expect(found[0].fix?.contains("'amfleet watch 20261123030600 --no-lease'") == true)
        }
        // Whoever else leads there says the same.
        let signs = SecondCoordinator.of(nil, [leaseless], now: Sample.time)
        #expect(signs.contains { $0.contains("'amfleet watch 20261123030600 --no-lease'") }, "\(signs)")
        let atWork = RunAtWork(atWork: ["node01"]).reason(toLeave: leaseless, at: Sample.time)
        #expect(atWork?.contains("'amfleet watch 20261123030600 --no-lease'") == true)
        var manifest = Sample.manifest([Sample.verdict("node01", .failed)], .failed)
        #expect(manifest.isLeased)
        manifest = RetryCommand.revised(
            manifest, [.init(node: "node01", attempt: 2)], coordinator: "me", fence: nil)
        #expect(!manifest.isLeased)
        manifest = RetryCommand.revised(
            manifest, [.init(node: "node01", attempt: 3)], coordinator: "me", fence: 7)
        #expect(manifest.isLeased)
    }

    @Test func `a self-backup that cannot be had is called that, and an older one by its run`() {
        var row = StatusReport.Node(node: "node01", address: "a:1")
        row.selfBackupLost = "that of run 20261123030600 cannot be had: 'k' is not in the bucket"
        func told() -> [String] {
            StatusJudgement.of(
                row, faults: [WireError(.agentLost, "silent")], bucketAnswered: true, now: Sample.time
            ).map(\.what)
        }
        #expect(
            told().last
                == "no self-backup of it can be had back: that of run 20261123030600 cannot be had: 'k' is not in the bucket"
        )
        row.selfBackup = Sample.name("20261122030600")
        #expect(
            told().last?.hasPrefix(
                "its newest self-backup that can be had back is that of run 20261122030600: that of run 20261123030600 cannot"
            ) == true)
    }
}
