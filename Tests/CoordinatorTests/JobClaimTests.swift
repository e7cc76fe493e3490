// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials
import Testing

@testable import Coordinator

/// An agent's answer counts for the job that was asked for, and for nothing else.
@Suite struct JobClaimTests {
    private func snapshot(
        id: String = "job", kind: JobKind = .restore, attempt: Int = 1, state: JobState = .succeeded,
        restore: RestoreReport? = nil
    ) -> JobSnapshot {
        JobSnapshot(
            id: id, run: Sample.run, kind: kind, attempt: attempt, state: state,
            startedAt: Date(timeIntervalSince1970: 0), restore: restore)
    }

    private func node(_ report: RestoreReport?) -> RestoreSetReport.Node {
        let ending = NodeEnding(
            node: "node01", attempt: 1, snapshot: snapshot(restore: report), wasHeard: true)
        return RestoreSetReport.Node(ending, of: Sample.run, ["/a", "/b"], from: "node01")
    }

    @Test func `an attempt is believed only a little ahead`() {
        #expect(JobClaim.attempt(3, after: 1) == 3)
        #expect(JobClaim.attempt(1, after: 3) == 3)
        #expect(JobClaim.attempt(1_000_000, after: 3) == 3)
        #expect(JobClaim.attempt(.max, after: 1) == 1)
        #expect(JobClaim.attempt(.min, after: 1) == 1)
    }

    @Test func `what cannot be the name of a job goes into no path`() {
        for id in [
            "backup-20261130020000-node01", "restore-20261130020000-1f-db_2",
            JobID.backup(Sample.run, node: "node-1"),
        ] {
            #expect(JobClaim.isPossible(id), "\(id)")
        }
        for id in ["", "j0/../x", "a?b=c", "x\u{1B}[31m", "é", String(repeating: "a", count: 257)] {
            #expect(!JobClaim.isPossible(id), "\(id)")
        }
    }

    @Test func `another job's state is no answer`() {
        #expect(JobClaim.fault(snapshot(), id: "job", node: "node01") == nil)
        #expect(
            JobClaim.fault(snapshot(id: "other"), id: "job", node: "node01")?.message.contains("other")
                == true)
    }

    @Test func `a restore without its report, or without a disk of the run, has restored nothing`() {
        func disk(_ name: String) -> RestoreReport.Disk {
            .init(configuration: "data", disk: name, target: name)
        }
        let both = [disk("/a"), disk("/b")]
        #expect(node(RestoreReport(sourceNode: "node01", run: Sample.run, disks: both)).isComplete)
        for report in [
            nil, RestoreReport(sourceNode: "node01", run: Sample.run, disks: [disk("/a")]),
            RestoreReport(sourceNode: "node01", run: Sample.run),
            RestoreReport(sourceNode: "node02", run: Sample.run, disks: both),
            RunName("20200101000000").map { RestoreReport(sourceNode: "node01", run: $0, disks: both) },
        ] {
            let node = node(report)
            #expect(!node.isComplete && node.error?.message.isEmpty == false)
        }
    }

    @Test func `a line comes whole in whatever pieces`() {
        var splitter = LineSplitter()
        var lines: [[UInt8]] = []
        for byte in Array("one\n\ntwo\nthr".utf8) { lines += splitter.take([byte]) ?? [] }
        #expect(lines == [Array("one".utf8), Array("two".utf8)])
        #expect(splitter.take(Array("ee\nfour\nf".utf8)) == [Array("three".utf8), Array("four".utf8)])
        #expect(splitter.take([UInt8](repeating: 65, count: LineSplitter.longestLine)) == nil)
    }
}
