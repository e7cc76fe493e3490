// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials
import Testing

@testable import Coordinator

/// A self-backup in the bucket beside the files that lie on the node now.
@Suite struct SelfBackupComparisonTests {
    private func file(_ path: String, _ digit: Character, _ byteCount: Int64 = 5) -> SelfBackupFile {
        SelfBackupFile(path: path, byteCount: byteCount, sha256: String(repeating: digit, count: 64))
    }

    private func findings(
        living: [SelfBackupFile]?, held: [SelfBackupFile]?, accepted: Set<String> = [], job: String? = nil,
        of configurations: Set<String> = ["vertica"]
    ) -> [Finding] {
        var configuration = ConfigurationStatus(name: "vertica", role: .data)
        configuration.selfBackupFiles = living
        let status = NodeStatus(
            node: "node01", cluster: "demo", version: AmfleetVersion.current, time: Sample.time,
            certificateExpiresAt: Sample.time, isRoot: true, configurations: [configuration], runningJob: job)
        let row = StatusReport.Node(node: "node01", address: "127.0.0.1:7001", status: status)
        var facts = BucketFacts.Node()
        facts.selfBackup = Sample.run
        facts.selfBackupHeld = held.map { SelfBackupRecord(files: $0) }
        facts.acceptedGaps = accepted
        facts.selfBackupConfigurations = configurations
        return SelfBackupComparison.findings(row, facts)
    }

    @Test func `the same files are no finding, nor is what an older agent says or made`() {
        let files = [file("/etc/amanda/vertica/amanda.conf", "a")]
        #expect(findings(living: files, held: files).isEmpty)
        #expect(findings(living: nil, held: files).isEmpty)
        #expect(findings(living: files, held: nil).isEmpty)
    }

    @Test func `a changed file is a remark, a missing one a problem, each with its path`() {
        let found = findings(
            living: [file("/a", "a"), file("/b", "b"), file("/c", "c"), file("/d", "d", 6)],
            held: [file("/a", "a"), file("/b", "0"), file("/d", "d")])
        #expect(found.map(\.weight) == [.problem, .remark, .remark])
        #expect(
            found.map(\.what) == [
                "'/c' is not in its self-backup of run \(Sample.run)",
                "'/b' has changed since its self-backup of run \(Sample.run)",
                "'/d' has changed since its self-backup of run \(Sample.run)",
            ])
        #expect(found.allSatisfy { $0.fix?.contains("amfleet backup") == true })
    }

    @Test func `what an operator accepted, and a job that runs, keep it silent`() {
        let living = [file("/a", "a")]
        #expect(findings(living: living, held: [], accepted: ["/a"]).isEmpty)
        #expect(findings(living: living, held: [], job: "j").isEmpty)
        #expect(findings(living: living, held: []).count == 1)
    }

    @Test func `of a configuration that the run was without nothing is claimed`() {
        let living = [file("/a", "a")]
        let found = findings(living: living, held: [], of: ["amanda-server"])
        #expect(found.map(\.weight) == [.remark])
        #expect(found.first?.what.contains("is not known") == true, "\(found)")
        #expect(findings(living: nil, held: [], of: ["amanda-server"]).isEmpty)
    }

    @Test func `many files are told in few lines`() {
        let found = findings(living: (1...500).map { file("/f\($0)", "a") }, held: [])
        #expect(found.count == 11)
        #expect(found.last?.what == "490 more files are not in its self-backup of run \(Sample.run)")
    }

    @Test func `a self-backup that lacks something is suspect with the path and the mend`() throws {
        var dump = Sample.dump()
        let gaps = [
            SelfBackupGap(path: "/etc/amanda/vertica/disklist", reason: .mounted, detail: "/etc/amanda"),
            SelfBackupGap(path: "/etc/amanda/x", reason: .absent, moreCount: 3),
        ]
        dump.suspect = SuspectRecord(lacking: gaps, besides: nil, now: dump.measure(of: Sample.run))
        let record = Sample.record(dumps: [dump])
        #expect(!record.configurations[1].canStartNode)
        let verdict = NodeJudgement.verdict(
            node: "node01", jobID: "j", run: Sample.run, asked: Sample.asked, evidence: .record(record),
            ending: nil)
        #expect(verdict.state == .suspect)
        #expect(
            verdict.error?.message.contains(
                """
                suspect: an empty machine could not start from it: it lacks '/etc/amanda/vertica/disklist' ('/etc/amanda' is a file \
                system of its own, which the disk leaves out), '/etc/amanda/x' and 3 more files there (it is not in the archive: \
                excluded, not included, or not readable)
                """) == true, "\(String(describing: verdict.error))")
        #expect(
            verdict.error?.hint?.hasPrefix(
                "add the file system to the disklist of the self-backup as a disk of its own, and run 'amfleet backup'; "
            )
                == true)
        let again = try WireJSON.read(NodeRecord.self, from: WireJSON.document(record), what: "record")
        #expect(again == record)
    }
}
