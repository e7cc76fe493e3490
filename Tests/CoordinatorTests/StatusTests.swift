// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import Testing

@testable import Coordinator

@Suite struct StatusTests {
    let now = Sample.time

    @Test func `a sound node has nothing found`() {
        #expect(findings(row(status())).isEmpty)
    }

    @Test func `tar that could not be run for want of descriptors is not called missing`() {
        var busy = status()
        busy.tarVersion = nil
        busy.tarError = WireError(
            .failed, "cannot start '/usr/bin/tar': no file descriptors left (this process may have 256 open)")
        #expect(
            findings(row(busy)).map(\.what) == [
                "GNU tar could not be run: cannot start '/usr/bin/tar': no file descriptors left (this process may have 256 open)"
            ])
    }

    @Test func `each fault is named with its fix`() {
        var ill = status(expiresIn: 3 * 86_400, storeOffset: -90)
        ill.isRoot = false
        ill.tarVersion = nil
        ill.storageError = WireError(.storageRefused, "S3 refused PutObject", hint: "allow it.")
        ill.stateError = WireError(
            .failed, "cannot write '/s/x': No space left on device", hint: "make room there.")
        ill.configurations[0].error = WireError(.configuration, "amanda.conf:3: unknown keyword 'x'")
        ill.configurations[0].outsideSelfBackup = ["/var/lib/amanda/vertica"]
        let problems = findings(row(ill)).filter { $0.weight == .problem }
        #expect(
            problems.map(\.what) == [
                "the agent does not run as root: it cannot read and restore every file",
                "GNU tar is not installed",
                "its store: S3 refused PutObject",
                "it can take no job: cannot write '/s/x': No space left on device",
                "its certificate expires in 3 d 0 h, on \(LocalTime(ill.certificateExpiresAt).text)",
                "its clock is 1 min 30 s behind the store's", "amanda.conf:3: unknown keyword 'x'",
                "'/var/lib/amanda/vertica' lies outside every disk of the self-backup",
            ])
        #expect(problems[2].fix == "allow it.")
        #expect(problems.suffix(2).map(\.configuration) == ["vertica", "vertica"])
    }

    @Test(
        arguments: [(31.0, nil), (29.0, .remark), (6.0, .problem), (-1.0, .problem)]
            as [(Double, Finding.Weight?)])
    func `a certificate is remarked 30 days before its end and a problem 7 days before`(
        days: Double, weight: Finding.Weight?
    ) {
        #expect(findings(row(status(expiresIn: days * 86_400))).map(\.weight) == (weight.map { [$0] } ?? []))
    }

    @Test func `nothing of a configuration that was asked about is no good word of it`() {
        let found = StatusJudgement.unsaid(row(status()), asked: ["vertica", "postgres"])
        #expect(found.map(\.configuration) == ["postgres"] && found.map(\.weight) == [.problem])
        #expect(found.first?.what == "the agent's answer says nothing of it")
        // Of one that does not answer at all that is told.
        #expect(
            StatusJudgement.unsaid(StatusReport.Node(node: "node01", address: "a:1"), asked: ["vertica"])
                == [])
    }

    @Test func `readable secrets are a remark, not a problem`() {
        var open = status()
        open.configurations[0].secretsReadable = ["/etc/amanda/vertica/amanda.conf"]
        #expect(findings(row(open)).map(\.weight) == [.remark])
    }

    @Test func `a node without a self-backup, or with an old one, is a problem`() {
        var without = row(status())
        without.selfBackup = nil
        #expect(findings(without).map(\.what) == ["no self-backup of it is in the bucket"])
        #expect(StatusJudgement.of(without, faults: [], bucketAnswered: false, now: now).isEmpty)
        var old = row(status())
        old.selfBackupIsNewest = false
        #expect(findings(old).map(\.what) == ["its self-backup is older than its newest data run"])
        old.status?.runningJob = "backup-20261123030600-node01"
        #expect(findings(old).map(\.weight) == [.remark])
    }

    @Test func `a silent agent is a problem with its reason`() {
        let error = WireError(.agentLost, node: "node01", "the agent does not answer", hint: "start it.")
        let found = StatusJudgement.of(row(nil), faults: [error], bucketAnswered: true, now: now)
        #expect(found == [.init(.problem, node: "node01", "the agent does not answer", fix: "start it.")])
    }

    @Test func `the newest set counts the nodes whose data is there, and says why the others' is not`() {
        let manifest = Sample.manifest(
            [Sample.verdict("node01", .complete), Sample.verdict("node02", .failed, .agentLost)], .partial)
        let outlook = RunOutlook(byNode: ["node01": .restorable])
        let set = NewestSetJudgement.set(
            manifest, outlook, nodes: ["node01", "node02", "node03"], configurations: Sample.asked)
        #expect(set.restorableNodes == 1)
        #expect(set.reasons == ["node02: reason of node02", "node03: not in this run"])
        #expect(set.missingNodes == ["node02", "node03"])
        #expect(set.fixes.allSatisfy { $0.hasPrefix("'amfleet retry ") })
        #expect(StatusJudgement.of(set, isKnown: true).count == 2)
        #expect(StatusJudgement.of(nil, isKnown: true).map(\.what) == ["no run in the bucket has ended yet"])
        #expect(StatusJudgement.of(nil, isKnown: false).isEmpty)
    }

    @Test func `prints a table, the problems with their fixes, and one verdict`() {
        let report = StatusReport(
            cluster: "demo", checkedAt: now, nodes: [row(status())],
            newestSet: .init(
                run: Sample.run, verdict: .complete, restorableNodes: 3, totalNodes: 3, missingNodes: [],
                reasons: [], fixes: []
            ),
            findings: [.init(.problem, node: "node01", "it is ill", fix: "mend it.")])
        #expect(report.ending == .problem)
        #expect(report.lines.contains("  node01: it is ill"))
        #expect(report.lines.contains("    hint: mend it."))
        #expect(
            report.lines.last == "restorable on 3/3 nodes as of 2026-11-23 03:06:00 (run 20261123030600)")
        #expect(
            report.lines[1].hasPrefix("node01  ok     0.1.0    365 d left     0 s       0 s  vertica ok"))
    }

    @Test func `a node that nobody asked is not called silent`() {
        func line(_ row: StatusReport.Node) -> String {
            StatusReport(cluster: "demo", checkedAt: now, nodes: [row], newestSet: nil, findings: []).lines[1]
        }
        var unasked = row(nil)
        #expect(line(unasked).hasPrefix("node01  no answer  "))
        unasked.wasNotAsked = true
        #expect(line(unasked).hasPrefix("node01  not asked  "))
    }

    @Test func `nodes that were not asked are remembered, whatever else fails`() async throws {
        let nodes = NodesNotAsked()
        await #expect(throws: NotAsked.self) {
            try await nodes.noting("node01") { throw NotAsked(agent: "it", number: 24) }
        }
        await #expect(throws: WireError.self) {
            try await nodes.noting("node02") { throw WireError(.agentLost, "gone") }
        }
        #expect(nodes.contains("node01") && !nodes.contains("node02"))
    }

    @Test func `the text sums remarks up, the JSON keeps each by itself`() throws {
        var open = status()
        let place = FaultPlace(file: "/etc/amanda/vertica/amanda.conf", line: 4)
        open.configurations[0].allRemarks = ["dumpcycle", "runtapes"].map {
            Remark(place: place, subject: $0, "read, kept, not used by this version")
        }
        let report = StatusReport(
            cluster: "demo", checkedAt: now, nodes: [row(open)], newestSet: nil, findings: findings(row(open))
        )
        #expect(
            report.lines.contains(
                "  node01: vertica: dumpcycle, runtapes: read, kept, not used by this version"))
        let text = String(decoding: try report.document(command: "status"), as: UTF8.self)
        #expect(text.components(separatedBy: "\"configuration\" : \"vertica\"").count == 3)
        #expect(text.contains("amanda.conf:4: runtapes: read, kept, not used by this version"))
    }

    @Test func `a volume that bears another run, or none, is overwritten; a silent store proves nothing`()
        throws
    {
        let record = Sample.record(configurations: [Sample.asked[0]])
        let prefix = "demo/node01/vertica/slot-01"
        func outlook(_ header: Result<VolumeHeader?, WireError>) -> Restorability {
            Restorability.of(
                record.labelNeeds,
                labels: [record.configurations[0].volumes[0]: header.map { $0.map(FoundLabel.init) }])
        }
        let own = VolumeHeader(datestamp: Datestamp("20261123030600"), label: "vertica-01")
        #expect(outlook(.success(own)) == .restorable)
        let newer = VolumeHeader(datestamp: Datestamp("20261124030600"), label: "vertica-01")
        #expect(
            outlook(.success(newer))
                == .overwritten("volume 'vertica-01' now holds run 20261124030600"))
        #expect(outlook(.success(nil)) == .overwritten("volume 'vertica-01' is gone from '\(prefix)'"))
        #expect(outlook(.failure(WireError(.failed, "no"))) == .unknown("volume 'vertica-01': no"))
    }

    private func findings(_ row: StatusReport.Node) -> [Finding] {
        StatusJudgement.of(row, faults: [], bucketAnswered: true, now: now)
    }

    @Test func `names held dumps, since when, and how they get into the bucket`() {
        var status = status()
        let held = HeldDumpRecord(
            run: Sample.run, host: "localhost", disk: "/data", level: 1,
            chunks: [.init(path: "/h/20261123030600/localhost._data.1", byteCount: 2048)])
        status.configurations[0].held = [held]
        status.configurations[0].flushesByItself = true
        let findings = StatusJudgement.of(row(status), faults: [], bucketAnswered: true, now: now)
        #expect(findings.map(\.weight) == [.problem])
        #expect(
            findings.first?.what
                == "localhost /data level 1 (2.0 KiB) is held on the node since \(LocalTime(Sample.run).text), not in the bucket"
        )
        #expect(findings.first?.fix?.hasPrefix("'amfleet flush' sends it now, else the next") == true)
        status.configurations[0].flushesByItself = false
        status.configurations[0].held?[0].fault = "chunk 'x' is missing"
        let broken = StatusJudgement.of(row(status), faults: [], bucketAnswered: true, now: now)
        #expect(
            broken.map(\.weight) == [.remark]
                && broken[0].what.hasSuffix("is not whole: chunk 'x' is missing"))
    }

    @Test func `what single disks lack is a problem, and keeps no backup from beginning`() {
        var status = status()
        status.configurations[0].diskErrors = [
            WireError(
                .configuration, node: "node01", "'/usr/sbin/amcrypt' is not installed", hint: "install it.")
        ]
        let findings = findings(row(status))
        #expect(findings.map(\.weight) == [.problem])
        #expect(findings.first?.what == "'/usr/sbin/amcrypt' is not installed")
        #expect(findings.first?.fix == "install it.")
        let outcome = NodeOutcome(node: "node01", result: .success(status))
        #expect(Preflight(statuses: [outcome], storageError: nil, foreignPrefix: nil).refusal() == nil)
    }

    @Test func `a configuration that no run has dumped is a problem of each node that has it`() {
        var facts = BucketFacts()
        (facts.runCount, facts.recentRuns) = (2, [Sample.run])
        facts.nodes["node01"] = BucketFacts.Node()
        #expect(StatusJudgement.neverDumped(row(status()), facts).isEmpty)
        facts.nodes["node01"]?.undumped = ["vertica"]
        let found = StatusJudgement.neverDumped(row(status()), facts)
        #expect(
            found == [
                Finding(
                    .problem, node: "node01", configuration: "vertica", "it has never been backed up",
                    fix: "'amfleet backup' makes one.")
            ])
        // A run of ours that failed is in the catalog, and has no dump; one that the bucket does not know may be stock Amanda's.
        var known = status()
        known.configurations[0].newestRun = Sample.run
        #expect(StatusJudgement.neverDumped(row(known), facts).count == 1)
        known.configurations[0].newestRun = Sample.name("20260101000000")
        #expect(StatusJudgement.neverDumped(row(known), facts).isEmpty)
        // Runs before the newest twenty may have it, unless the catalog says that none has.
        facts.areAllRecent = false
        known.configurations[0].newestRun = Sample.run
        #expect(StatusJudgement.neverDumped(row(known), facts).isEmpty)
        #expect(
            StatusJudgement.neverDumped(row(status()), facts).map(\.what)
                == ["its catalog knows no dump of it, and the newest 20 runs have none"])
        facts.hasUnreadRuns = true
        #expect(StatusJudgement.neverDumped(row(status()), facts).isEmpty)
        facts.hasUnreadRuns = false
        #expect(StatusJudgement.neverDumped(row(nil), facts).isEmpty, "a silent node has its own problem")
        var faulty = status()
        faulty.configurations[0].error = WireError(.configuration, "no such configuration")
        #expect(StatusJudgement.neverDumped(row(faulty), facts).isEmpty)
    }

    private func row(_ status: NodeStatus?) -> StatusReport.Node {
        StatusReport.Node(
            node: "node01", address: "127.0.0.1:7001", status: status,
            clockOffsetSeconds: status == nil ? nil : 0.01,
            selfBackup: Sample.run, selfBackupAgeSeconds: 3600, selfBackupIsNewest: true, lastRun: Sample.run,
            lastRunState: .complete)
    }

    private func status(expiresIn seconds: Double = 365 * 86_400, storeOffset: Double = 0) -> NodeStatus {
        NodeStatus(
            node: "node01", cluster: "demo", version: AmfleetVersion.current, time: now,
            certificateExpiresAt: now.addingTimeInterval(seconds), isRoot: true,
            tarVersion: "tar (GNU tar) 1.34",
            storageClockOffsetSeconds: storeOffset,
            configurations: [ConfigurationStatus(name: "vertica", role: .data)])
    }
}
