// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Coordinator

@Suite struct NodeJudgementTests {
    @Test func `a record with every configuration proved is complete, whatever the agent's last word`() {
        let lost = ending(WireError(.agentLost, node: "node01", "no word"))
        let verdict = judge(.record(Sample.record()), lost)
        #expect(verdict.state == .complete)
        #expect(verdict.error == nil)
        #expect(verdict.dumpedBytes == 4096)
        #expect(verdict.storedBytes == 2048)
    }

    @Test func `a job that says it succeeded and left no record is not complete`() {
        var done = ending(nil)
        done.snapshot = JobSnapshot(
            id: "x", run: Sample.run, kind: .backup, attempt: 1, state: .succeeded, startedAt: Sample.time)
        done.wasHeard = true
        let verdict = judge(.none, done)
        #expect(verdict.state == .failed)
        #expect(verdict.error?.message == "no node record in the bucket")
    }

    @Test func `no word ever and no record is missing, a word and no record is failed`() {
        var lost = ending(WireError(.agentLost, node: "node01", "no word"))
        #expect(judge(.none, lost).state == .missing)
        lost.wasHeard = true
        #expect(judge(.none, lost).state == .failed)
    }

    @Test func `a store that does not answer proves nothing`() {
        let verdict = judge(.unknown(WireError(.storageUnreachable, "no answer")), ending(nil))
        #expect(verdict.state == .failed)
        #expect(verdict.error?.kind == .storageUnreachable)
        #expect(verdict.error?.message == "the node record cannot be read, so nothing is proved: no answer")
    }

    @Test func `a missing configuration, a failed disk and an empty configuration are each named`() {
        let partly = Sample.record(configurations: [Sample.asked[0]])
        #expect(
            judge(.record(partly), nil).error?.message == "configuration 'amanda-server' was not backed up")
        let broken = Sample.record(dumps: [Sample.dump(), Sample.dump(.failed, disk: "/var")])
        #expect(judge(.record(broken), nil).error?.message == "vertica: disk '/var' was not dumped")
        #expect(
            judge(.record(Sample.record(dumps: [])), nil).error?.message
                == "configuration 'vertica' has no dump")
        #expect(judge(.record(Sample.record(dumps: [Sample.dump(.planned)])), nil).state == .failed)
    }

    @Test func `strange output counts, with its notes`() {
        var strange = Sample.dump(.strange)
        strange.strange = ["? tar: file changed as we read it"]
        let verdict = judge(.record(Sample.record(dumps: [strange])), nil)
        #expect(verdict.state == .complete)
        #expect(verdict.notes.first == "vertica /data: STRANGE: ? tar: file changed as we read it")
    }

    @Test func `a disk that was left out is no fault, and what stands for it is named`() {
        var skipped = Sample.dump(.skipped, disk: "/var")
        skipped.notes = ["nothing stands for it: it was never dumped"]
        func notes() -> [String] {
            let verdict = judge(.record(Sample.record(dumps: [Sample.dump(), skipped])), nil)
            #expect(verdict.state == .complete)
            return verdict.notes.filter { $0.hasPrefix("vertica /var: ") }
        }
        #expect(
            notes() == [
                "vertica /var: left out of this run, and a restore of it does not bring the disk back",
                "vertica /var: nothing stands for it: it was never dumped",
            ])
        let made = Sample.name("20261122030600")
        skipped.bases = [DumpBaseRecord(run: made, writtenRun: made, level: 1, volumes: [], parts: [])]
        skipped.notes = []
        #expect(
            notes() == [
                "vertica /var: left out of this run: a restore of it brings back level 1 of run \(made)"
            ])
    }

    @Test func `a record of another run or node proves nothing`() {
        let other = Sample.record("node02")
        #expect(judge(.record(other), nil).error?.kind == .damaged)
        #expect(
            judge(.record(Sample.record(run: Sample.name("20250101000000"))), nil).error?.kind == .damaged)
    }

    @Test func `a cancelled node is cancelled, not failed, unless it was done`() {
        let cancelled = ending(WireError(.cancelled, node: "node01", "cancelled"))
        #expect(judge(.none, cancelled).state == .cancelled)
        #expect(judge(.record(Sample.record(dumps: [Sample.dump(.failed)])), cancelled).state == .cancelled)
        #expect(judge(.record(Sample.record()), cancelled).state == .complete)
    }

    @Test func `a node without a record keeps the progress that was last seen`() {
        var lost = ending(WireError(.agentLost, node: "node01", "no word"))
        lost.progress = JobProgress(dumpedBytes: 4000, storedBytes: 1000)
        #expect(judge(.none, lost).dumpedBytes == 4000)
        #expect(judge(.none, lost).storedBytes == 1000)
        #expect(judge(.unknown(WireError(.storageUnreachable, "no answer")), lost).dumpedBytes == 4000)
        #expect(judge(.record(Sample.record()), lost).dumpedBytes == 4096)
        var cancelled = ending(WireError(.cancelled, node: "node01", "cancelled"))
        cancelled.snapshot = JobSnapshot(
            id: "x", run: Sample.run, kind: .backup, attempt: 1, state: .cancelled, startedAt: Sample.time,
            progress: JobProgress(dumpedBytes: 30, storedBytes: 20))
        #expect(judge(.none, cancelled).storedBytes == 20)
    }

    @Test func `a node whose dumps are held is held, not complete and not failed`() {
        var held = Sample.dump(.held)
        held.parts = []
        let record = Sample.record(dumps: [Sample.dump(disk: "/var"), held])
        let verdict = judge(.record(record), ending(nil))
        #expect(verdict.state == .held)
        #expect(
            verdict.error?.message == "held on the node, not in the bucket yet: vertica: /data and 1 more")
        let failed = Sample.record(dumps: [Sample.dump(.failed, disk: "/var"), held])
        #expect(judge(.record(failed), ending(nil)).state == .failed)
        let unasked = Sample.record(dumps: [held], configurations: [Sample.asked[0]])
        #expect(judge(.record(unasked), ending(nil)).state == .failed, "the self-backup is missing")
    }

    @Test func `a node that cannot reach the store is held by its own word, never complete`() {
        var word = ending(nil)
        word.snapshot = JobSnapshot(
            id: "x", run: Sample.run, kind: .backup, attempt: 1, state: .succeeded, startedAt: Sample.time)
        word.snapshot?.record = Sample.record(dumps: [Sample.dump(.held)])
        let away = NodeJudgement.Evidence.unknown(WireError(.storageUnreachable, "no answer"))
        #expect(judge(.none, word).state == .held && judge(away, word).state == .held)
        word.snapshot?.record = Sample.record()
        #expect(judge(.none, word).state == .missing && judge(away, word).state == .failed)
    }

    private func ending(_ error: WireError?) -> NodeEnding {
        NodeEnding(node: "node01", attempt: 1, snapshot: nil, error: error)
    }

    private func judge(_ evidence: NodeJudgement.Evidence, _ ending: NodeEnding?) -> NodeVerdict {
        NodeJudgement.verdict(
            node: "node01", jobID: "x", run: Sample.run, asked: Sample.asked, evidence: evidence,
            ending: ending)
    }
}

@Suite struct SetJudgementTests {
    @Test(arguments: [
        ([NodeVerdict.State.complete, .complete], RunManifest.Verdict.complete, CommandEnding.complete),
        ([.complete, .failed], .partial, .partial), ([.complete, .missing], .partial, .partial),
        ([.complete, .held], .held, .held), ([.held, .held], .held, .held),
        ([.held, .failed], .partial, .partial),
        ([.failed, .missing], .failed, .failed), ([.complete, .cancelled], .partial, .cancelled),
        ([.cancelled, .cancelled], .cancelled, .cancelled), ([.failed, .cancelled], .cancelled, .failed),
    ])
    func `judges the set and the command by every node`(
        states: [NodeVerdict.State], verdict: RunManifest.Verdict, ending: CommandEnding
    ) {
        let verdicts = zip(["node01", "node02"], states).map { Sample.verdict($0, $1) }
        let cluster = Sample.cluster(["node01", "node02"])
        #expect(SetJudgement.verdict(verdicts, asked: Sample.asked, cluster: cluster) == verdict)
        #expect(SetJudgement.ending(verdicts) == ending)
    }

    @Test func `a set without a node or a configuration of the cluster is partial`() {
        let all = [Sample.verdict("node01", .complete), Sample.verdict("node02", .complete)]
        let bigger = Sample.cluster(["node01", "node02", "node03"])
        #expect(SetJudgement.verdict(all, asked: Sample.asked, cluster: bigger) == .partial)
        let cluster = Sample.cluster(["node01", "node02"])
        #expect(SetJudgement.verdict(all, asked: [Sample.asked[0]], cluster: cluster) == .partial)
    }

    @Test func `what the operator ended is cancelled, even where some nodes were done`() {
        let verdicts = [Sample.verdict("node01", .complete), Sample.verdict("node02", .failed)]
        let cluster = Sample.cluster(["node01", "node02"])
        #expect(
            SetJudgement.verdict(verdicts, asked: Sample.asked, cluster: cluster, isCancelled: true)
                == .cancelled)
        #expect(SetJudgement.ending(verdicts, isCancelled: true) == .cancelled)
    }

    @Test(arguments: [
        ([WireError.Kind.authentication, .authentication], CommandEnding.unauthenticated),
        ([.storageRefused, .storageUnreachable], .storage), ([.storageRefused, .failed], .failed),
        ([.authentication, .storageRefused], .failed), ([.agentLost, .agentLost], .failed),
    ])
    func `one cause on every node has its own exit code`(kinds: [WireError.Kind], ending: CommandEnding) {
        let verdicts = zip(["node01", "node02"], kinds).map { Sample.verdict($0, .failed, $1) }
        #expect(SetJudgement.ending(verdicts) == ending)
    }

    @Test(arguments: [
        (0, [WireError.Kind.cancelled, .cancelled], CommandEnding.cancelled), (1, [.cancelled], .cancelled),
        (0, [.cancelled, .failed], .failed), (1, [.cancelled, .failed], .partial),
        (0, [.cancelled, .storageRefused], .failed), (2, [], .complete),
    ])
    func `what another terminal cancelled on every node is cancelled, of every command`(
        complete: Int, kinds: [WireError.Kind], ending: CommandEnding
    ) {
        let failures = kinds.map { WireError($0, node: "node01", "reason") }
        #expect(CommandEnding(completeNodes: complete, failures: failures) == ending)
    }

    @Test func `a key that is not sealed leaves the set complete, and the command ends with 3`() {
        var verdicts = [Sample.verdict("node01", .complete), Sample.verdict("node02", .complete)]
        verdicts[1].unsealed = [WireError(.failed, node: "node02", "a key of 'amcrypt' is not sealed")]
        let cluster = Sample.cluster(["node01", "node02"])
        #expect(SetJudgement.verdict(verdicts, asked: Sample.asked, cluster: cluster) == .complete)
        #expect(SetJudgement.ending(verdicts) == .suspect)
        verdicts[0].state = .failed
        #expect(SetJudgement.ending(verdicts) == .partial)
    }

    @Test func `one cause on every failed node is still partial where another is complete`() {
        let verdicts = [
            Sample.verdict("node01", .complete), Sample.verdict("node02", .failed, .storageRefused),
        ]
        #expect(SetJudgement.ending(verdicts) == .partial)
    }
}
