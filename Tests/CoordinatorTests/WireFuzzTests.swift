// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import HiddenCharacters
import TestSupport
import Testing

@testable import Coordinator

/// Whatever an agent or the bucket says, the coordinator says something and goes on. A trap would end the test program.
@Suite struct WireFuzzTests {
    private static let rounds = LongTests.areWanted ? 400 : 80

    @Test(arguments: WireDocument.all)
    func `documents changed at random are refused or judged`(document: WireDocument) throws {
        let tree = document.tree
        var generator = SeededGenerator(seed: document.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        var read = 0
        for _ in 0..<Self.rounds {
            var changed = tree
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed = WireMutation.changed(changed, &generator)
            }
            guard let value = try? document.read(WireDocument.bytes(changed)) else { continue }
            read += 1
            for line in try Self.said(of: value) {
                #expect(line.shownOnOneLine.unicodeScalars.allSatisfy { !$0.isHidden })
            }
        }
        #expect(read > 0)
    }

    @Test(arguments: WireDocument.all)
    func `documents that were cut or whose bytes were changed are refused or judged`(
        document: WireDocument
    )
        throws
    {
        let whole = Array(document.json.utf8)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<Self.rounds {
            var bytes = whole
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
            case 1: bytes.insert(contentsOf: bytes[..<(bytes.count / 2)], at: bytes.count / 3)
            default:
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
            }
            if let value = try? document.read(bytes) { _ = try Self.said(of: value) }
        }
    }

    /// A document whose keys come twice has one meaning or none.
    @Test(arguments: WireDocument.all)
    func `keys that come twice end nothing`(document: WireDocument) throws {
        let twice = document.json.replacing(
            "\"format\": 1", with: "\"format\": 1, \"format\": 9, \"node\": 3"
        )
        .replacing("\"run\":", with: "\"run\": 7, \"level\": 1e300, \"run\":")
        if let value = try? document.read(Array(twice.utf8)) { _ = try Self.said(of: value) }
    }

    /// Everything that the coordinator makes of a value: judgements, lines, documents.
    private static func said(of value: any Sendable) throws -> [String] {
        switch value {
        case let record as NodeRecord: return try said(of: record)
        case let manifest as RunManifest: return try said(ofManifest: manifest, Sample.record())
        case let line as HistoryLine: return RunListing(rows: [RunListing.row(line)]).lines
        case let lease as Lease:
            let claim = LeaseClaim(cluster: "demo", holder: "me", verb: "backup", run: nil)
            _ = LeaseDecision.taking(found: lease, as: claim, now: Sample.time)
            return ["\(CoordinatorError.leaseHeld(lease))"].flatMap {
                $0.split(separator: "\n").map(String.init)
            }
        case let status as NodeStatus: return try said(of: status)
        case let volumes as NodeVolumes:
            let report = VolumesReport(
                cluster: "demo", nodes: [.init(node: "node01", configurations: volumes.configurations)])
            _ = try report.document(command: "volumes")
            return report.lines
        case let snapshot as JobSnapshot: return try said(of: snapshot)
        case let list as JobList: return try list.jobs.flatMap(said)
        case let event as JobEvent: return said(of: event)
        case let errors as WireErrors:
            let report = FailureReport(errors)
            _ = try report.document(command: "status")
            return report.lines
        case let measured as MeasuredRestore:
            _ = try WireJSON.document(measured)
            return ["\(measured.rate?.bytesPerSecond ?? 0)"]
        case let cluster as ClusterIdentity:
            return try [String(decoding: WireJSON.line(cluster).dropLast(), as: UTF8.self)]
                + cluster.fingerprints
        case let answer as NodeRestorability: return ["\(answer.restorability)"]
        default:
            return ["\(value)"]
        }
    }

    private static func said(of record: NodeRecord) throws -> [String] {
        let verdict = NodeJudgement.verdict(
            node: "node01", jobID: "j", run: Sample.run, asked: Sample.asked, evidence: .record(record),
            ending: nil)
        _ = (
            record.labelNeeds, record.fileNeeds.map(\.byteCount), record.restoreRefusal,
            record.protectedVolumes
        )
        for dump in record.configurations.flatMap(\.dumps) {
            _ = Plausibility().fault(of: dump.measure(of: record.run), after: dump.measures(of: record.run))
        }
        return try said(
            ofManifest: Sample.manifest([verdict, Sample.verdict("node02", .complete)], .partial), record)
            + [NodeRecoveryPoints(record)].lines
    }

    private static func said(ofManifest manifest: RunManifest, _ record: NodeRecord) throws -> [String] {
        let outlook = RunOutlook(byNode: ["node01": .damaged("gone")])
        _ = SetJudgement.verdict(
            manifest.nodes, asked: manifest.configurations, cluster: Sample.cluster(["node01"]))
        let listing = RunListing(rows: [RunListing.row(manifest, outlook, holder: nil)])
        let details = RunDetails(
            manifest: manifest, state: RunState(manifest, outlook, holder: nil),
            nodes: manifest.nodes.map { RunDetails.Node($0, record, .unknown("x")) })
        let report = RunReport(manifest, asked: manifest.nodes.map(\.node))
        for some in [listing, details, report] as [any CommandReport] {
            _ = try some.document(command: "show")
        }
        _ = RetryCommand.revised(manifest, [.init(node: "node01", attempt: 2)], coordinator: "me", fence: nil)
        _ = NewestSetJudgement.set(
            manifest, outlook, nodes: ["node01", "node02"], configurations: Sample.asked)
        return listing.lines + details.lines + report.lines
    }

    private static func said(of status: NodeStatus) throws -> [String] {
        let offset = status.time.timeIntervalSince(Sample.time)
        let row = StatusReport.Node(
            node: "node01", address: "127.0.0.1:7001", status: status, clockOffsetSeconds: offset,
            selfBackup: Sample.run, selfBackupAgeSeconds: Sample.time.timeIntervalSince(status.time),
            selfBackupIsNewest: true, lastRun: Sample.run, lastRunState: .complete)
        let findings = StatusJudgement.of(row, faults: [], bucketAnswered: true, now: Sample.time)
        let report = StatusReport(
            cluster: "demo", checkedAt: Sample.time, nodes: [row], newestSet: nil, findings: findings)
        _ = try report.document(command: "status")
        return report.lines + (try status.lastJob.map(said) ?? [])
    }

    private static func said(of snapshot: JobSnapshot) throws -> [String] {
        var following = JobFollowing(
            node: "node01", attempt: 1, redoing: "x", patience: .seconds(9),
            silence: JobSilence(limit: .seconds(1800), longestWait: .seconds(86_400), now: .zero), now: .zero)
        var ending = NodeEnding(node: "node01", attempt: 1, snapshot: snapshot)
        if case .finished(let end) = following.answered(snapshot, now: .seconds(1)) { ending = end }
        let result = FleetJobs.Result(endings: [ending], isCancelled: false)
        let flush = FlushSetReport(run: Sample.run, result, asked: [:], silent: [])
        _ = try flush.document(command: "flush")
        let verdict = NodeJudgement.verdict(
            node: "node01", jobID: "j", run: Sample.run, asked: Sample.asked, evidence: .none, ending: ending)
        return flush.lines + RunText.table([verdict]) + RunText.notes([verdict]) + said(of: snapshot.progress)
            + (try snapshot.record.map { try said(of: $0) } ?? [])
    }

    private static func said(of event: JobEvent) -> [String] {
        var following = JobFollowing(
            node: "node01", attempt: 1, isKnown: true, redoing: "x", patience: .seconds(9),
            silence: JobSilence(limit: .seconds(1800), longestWait: .seconds(86_400), now: .zero), now: .zero)
        _ = following.heard(event, now: .seconds(1))
        return (event.progress.map(said) ?? []) + event.faults.map(\.headline)
    }

    private static func said(of progress: JobProgress) -> [String] {
        var rows = ["node01", "node02"].map { ProgressRow(node: $0) }
        for index in rows.indices {
            rows[index].take(JobProgress(), at: .zero)
            rows[index].take(progress, at: .seconds(1))
        }
        return ProgressText.lines(rows, at: .seconds(1))
            + ProgressText.lines(rows, at: .seconds(2), atMost: 3)
    }
}
