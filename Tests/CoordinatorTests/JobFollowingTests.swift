// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import Testing

@testable import Coordinator

@Suite struct JobFollowingTests {
    @Test func `submits, follows, and looks once the final state was announced`() {
        let following = following()
        #expect(following.begin() == .submit(attempt: 1))
        #expect(following.answered(snapshot(.accepted), now: .seconds(1)) == .follow(after: 0))
        #expect(!following.heard(event(4, .running), now: .seconds(2)))
        #expect(following.heard(event(5, .succeeded), now: .seconds(3)))
        #expect(following.streamEnded(nil, now: .seconds(3)) == .look)
        let done = snapshot(.succeeded)
        #expect(
            following.answered(done, now: .seconds(4))
                == .finished(NodeEnding(node: "node01", attempt: 1, snapshot: done, wasHeard: true)))
    }

    @Test func `comes back after the newest event when the stream breaks`() {
        let following = following()
        _ = following.answered(snapshot(.running), now: .zero)
        _ = following.heard(event(7, .running), now: .seconds(5))
        guard case .pause = following.streamEnded(unreachable, now: .seconds(15)) else {
            Issue.record("no pause")
            return
        }
        #expect(following.resumed() == .look)
        #expect(following.answered(snapshot(.running), now: .seconds(17)) == .follow(after: 7))
    }

    @Test func `what it waited for its turn to be listened to is no silence of the agent`() {
        let following = following()
        _ = following.answered(snapshot(.running), now: .zero)
        _ = following.heard(event(3, .running), now: .seconds(10))
        #expect(following.gaveWay() == .follow(after: 3))
        following.waited(.seconds(10_000))
        guard case .pause = following.streamEnded(unreachable, now: .seconds(10_012)) else {
            Issue.record("given up")
            return
        }
    }

    @Test func `a shortage of our own is waited out`() {
        let following = following()
        let shortage = NotAsked(agent: "the agent at 192.0.2.1:7443", number: 24)
        #expect(shortage.facts.contains("was not asked: this machine has no file descriptors left"))
        guard case .pause = following.failed(shortage, now: .seconds(1)) else {
            Issue.record("given up")
            return
        }
    }

    @Test func `waits for a silent agent until patience has passed since its last word, and then names it`() {
        let following = following()
        _ = following.answered(snapshot(.running), now: .zero)
        _ = following.heard(event(1, .running), now: .seconds(100))
        var pauses = 0
        var now: Duration = .seconds(110)
        while case .pause(let pause) = following.failed(unreachable, now: now) {
            #expect(pause <= JobFollowing.longestPause)
            now += pause + .seconds(1)
            pauses += 1
        }
        #expect(pauses > 10)
        #expect(now >= .seconds(220) && now < .seconds(230))
        guard case .finished(let ending) = following.failed(unreachable, now: now) else {
            Issue.record("not finished")
            return
        }
        #expect(ending.error?.kind == .agentLost)
        #expect(ending.error?.message == "no word from the agent for 2 min 00 s: connection refused")
        #expect(
            ending.error?.hint
                == "see that amfleetd runs on the node and that its address in cluster.json is right, then run 'amfleet retry 20261123030600'."
        )
    }

    @Test func `an answer gives an agent all of its time again`() {
        let following = following()
        _ = following.failed(unreachable, now: .seconds(119))
        _ = following.answered(snapshot(.running), now: .seconds(119))
        guard case .pause = following.failed(unreachable, now: .seconds(238)) else {
            Issue.record("given up")
            return
        }
    }

    @Test func `submits again, not anew, while nobody knows whether the first asking arrived`() {
        let following = following()
        _ = following.failed(unreachable, now: .seconds(1))
        #expect(following.resumed() == .submit(attempt: 1))
    }

    @Test func `starts an interrupted job again with the next attempt, three times at most`() {
        let following = following()
        for attempt in 1...3 {
            #expect(
                following.answered(snapshot(.interrupted, attempt: attempt), now: .zero)
                    == .submit(attempt: attempt + 1))
        }
        guard case .finished(let ending) = following.answered(snapshot(.interrupted, attempt: 4), now: .zero)
        else {
            Issue.record("started again")
            return
        }
        #expect(ending.error?.kind == .interrupted)
    }

    @Test func `goes on after the newest event in a new attempt, unless the agent has forgotten them`() {
        let following = following()
        _ = following.heard(event(9, .running), now: .zero)
        _ = following.answered(snapshot(.interrupted, sequence: 9), now: .zero)
        #expect(
            following.answered(snapshot(.accepted, attempt: 2, sequence: 10), now: .zero) == .follow(after: 9)
        )
        #expect(
            following.answered(snapshot(.accepted, attempt: 3, sequence: 1), now: .zero) == .follow(after: 0))
    }

    @Test func `starts nothing once the lease is lost`() {
        let following = following()
        following.mayStart = false
        guard case .finished(let ending) = following.answered(snapshot(.interrupted), now: .zero) else {
            Issue.record("started")
            return
        }
        #expect(ending.error?.kind == .interrupted)
        let other = self.following()
        other.mayStart = false
        guard case .finished = other.answered(nil, now: .zero) else {
            Issue.record("started")
            return
        }
    }

    @Test func `asks for nothing at all without the lease, not even the first time`() {
        let following = following()
        following.mayStart = false
        guard case .finished(let ending)? = following.submitting(now: .zero) else {
            Issue.record("submitted")
            return
        }
        #expect(ending.error?.kind == .interrupted)
        #expect(ending.error?.hint?.contains("amfleet status") == true)
    }

    @Test func `an agent that forgets its job again and again is given up`() {
        let following = following()
        for _ in 1...3 {
            _ = following.answered(snapshot(.accepted), now: .zero)
            #expect(following.answered(nil, now: .zero) == .submit(attempt: 1))
        }
        _ = following.answered(snapshot(.accepted), now: .zero)
        guard case .finished(let ending) = following.answered(nil, now: .zero) else {
            Issue.record("asked again")
            return
        }
        #expect(ending.error?.message == "the agent has forgotten the job 4 times")
    }

    @Test func `streams that end without news are asked for ever more slowly`() {
        let following = following()
        _ = following.answered(snapshot(.running), now: .zero)
        #expect(following.streamEnded(nil, now: .zero) == .look)
        for _ in 1...20 {
            guard case .pause(let pause) = following.streamEnded(nil, now: .zero) else {
                Issue.record("asked at once")
                return
            }
            #expect(pause >= .seconds(1) && pause <= JobFollowing.longestPause)
        }
        _ = following.heard(event(101, .running), now: .zero)
        #expect(following.streamEnded(nil, now: .zero) == .look)
    }

    @Test func `while an agent does not answer at all, its patience counts, and no longer`() {
        let following = Driven(node: "node01", attempt: 1, patience: .seconds(7200), now: .zero)
        _ = following.answered(snapshot(.running), now: .seconds(10))
        #expect(following.silenceEndsAt == .seconds(1810))
        _ = following.failed(unreachable, now: .seconds(20))
        #expect(following.silenceEndsAt == .seconds(7210))
        _ = following.answered(snapshot(.running), now: .seconds(5000))
        #expect(following.silenceEndsAt == .seconds(1810))
    }

    @Test func `adopts a job of an earlier coordinator at whatever attempt it is`() {
        let following = Driven(
            node: "node01", attempt: 1, isKnown: true, patience: .seconds(120), now: .zero)
        #expect(following.begin() == .look)
        #expect(following.answered(snapshot(.running, attempt: 2), now: .zero) == .follow(after: 0))
        #expect(following.attempt == 2)
    }

    @Test func `asks for an adopted job that the agent never got`() {
        let following = Driven(
            node: "node01", attempt: 1, isKnown: true, patience: .seconds(120), now: .zero)
        #expect(following.answered(nil, now: .zero) == .submit(attempt: 1))
    }

    @Test(arguments: [
        WireError.Kind.authentication, .busy, .configuration, .unsupported, .failed, .storageRefused,
    ])
    func `does not repeat what was refused`(kind: WireError.Kind) {
        let following = following()
        let error = WireError(kind, node: "node01", "no")
        #expect(
            following.failed(error, now: .zero)
                == .finished(NodeEnding(node: "node01", attempt: 1).with([error])))
    }

    @Test
    func `a certificate that is refused in the midst is waited for as a silent agent is, and then named`() {
        let following = following()
        _ = following.answered(snapshot(.running), now: .zero)
        let refused = WireError(.authentication, node: "node01", "its certificate is not yet valid")
        for now in [1, 60, 119] {
            guard case .pause = following.streamEnded(refused, now: .seconds(now)) else {
                Issue.record("given up after \(now) s")
                return
            }
            #expect(following.resumed() == .look)
        }
        guard case .finished(let ending) = following.failed(refused, now: .seconds(121)) else {
            Issue.record("not finished")
            return
        }
        #expect(ending.faults == [refused])
    }

    @Test func `keeps the job's own reason`() {
        let following = following()
        var failed = snapshot(.failed)
        failed.error = WireError(.storageRefused, "S3 refused PutObject")
        guard case .finished(let ending) = following.answered(failed, now: .zero) else {
            Issue.record("not finished")
            return
        }
        #expect(ending.error == WireError(.storageRefused, node: "node01", "S3 refused PutObject"))
    }

    @Test func `reasons without end become some, and how many more`() {
        let following = following()
        var failed = snapshot(.failed)
        failed.faults = (0..<10_000).map { WireError(.failed, "reason \($0)") }
        guard case .finished(let ending) = following.answered(failed, now: .zero) else {
            Issue.record("not finished")
            return
        }
        #expect(ending.faults.count == 101)
        #expect(ending.faults.first?.message == "reason 0")
        #expect(ending.faults.last?.message == "and 9900 more reasons")
    }

    @Test func `a lost agent's ending has the progress that was last seen, also by its next self`() {
        let following = following()
        var running = snapshot(.running)
        running.progress = JobProgress(dumpedBytes: 10, storedBytes: 5)
        _ = following.answered(running, now: .zero)
        let event = JobEvent(
            sequence: 2, time: Sample.time, kind: .progress,
            progress: JobProgress(dumpedBytes: 4000, storedBytes: 1000))
        #expect(!following.heard(event, now: .zero))
        _ = following.answered(snapshot(.interrupted), now: .zero)
        _ = following.answered(snapshot(.running, attempt: 2), now: .zero)
        guard case .finished(let ending) = following.failed(unreachable, now: .seconds(121)) else {
            Issue.record("not finished")
            return
        }
        #expect(ending.snapshot == nil)
        #expect(ending.progress == JobProgress(dumpedBytes: 4000, storedBytes: 1000))
    }

    private let unreachable = WireError(.agentLost, node: "node01", "connection refused")

    private func following() -> Driven {
        Driven(node: "node01", attempt: 1, patience: .seconds(120), now: .zero)
    }

    private func snapshot(_ state: JobState, attempt: Int = 1, sequence: Int = 100) -> JobSnapshot {
        JobSnapshot(
            id: "backup-20261123030600-node01", run: Sample.run, kind: .backup, attempt: attempt,
            state: state,
            startedAt: Sample.time, lastSequence: sequence)
    }

    private func event(_ sequence: Int, _ state: JobState) -> JobEvent {
        JobEvent(sequence: sequence, time: Sample.time, kind: .state, state: state)
    }
}

/// The value under test behind a reference: expectations cannot call mutating methods.
private final class Driven {
    private var value: JobFollowing

    init(node: String, attempt: Int, isKnown: Bool = false, patience: Duration, now: Duration) {
        value = JobFollowing(
            node: node, attempt: attempt, isKnown: isKnown,
            redoing: "run 'amfleet retry 20261123030600'", patience: patience,
            silence: JobSilence(limit: .seconds(1800), longestWait: .seconds(86_400), now: now), now: now)
    }

    var silenceEndsAt: Duration { value.silenceEndsAt }

    func submitting(now: Duration) -> JobFollowing.Step? { value.submitting(now: now) }

    var attempt: Int { value.attempt }

    var mayStart: Bool {
        get { value.mayStart }
        set { value.mayStart = newValue }
    }

    func begin() -> JobFollowing.Step { value.begin() }

    func resumed() -> JobFollowing.Step { value.resumed() }

    func answered(_ snapshot: JobSnapshot?, now: Duration) -> JobFollowing.Step {
        value.answered(snapshot, now: now)
    }

    func heard(_ event: JobEvent, now: Duration) -> Bool { value.heard(event, now: now) }

    func streamEnded(_ error: WireError?, now: Duration) -> JobFollowing.Step {
        value.streamEnded(error, now: now)
    }

    func gaveWay() -> JobFollowing.Step { value.gaveWay() }

    func waited(_ time: Duration) { value.waited(time) }

    func failed(_ error: any Fault, now: Duration) -> JobFollowing.Step { value.failed(error, now: now) }
}
