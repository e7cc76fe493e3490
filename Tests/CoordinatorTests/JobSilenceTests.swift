// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Coordinator

/// What is news of a job, and what only looks like it.
@Suite struct JobSilenceTests {
    private var silence = JobSilence(limit: .seconds(100), longestWait: .seconds(1000), now: .zero)

    @Test func `heartbeats and repeated numbers are no news`() {
        var silence = silence
        silence.saw(event(3, .note), now: .seconds(10))
        for second in 11...90 {
            silence.saw(event(3, .heartbeat), now: .seconds(second))
            silence.saw(event(2, .note), now: .seconds(second))
        }
        #expect(silence.endsAt == .seconds(110))
        silence.saw(event(4, .disk), now: .seconds(95))
        #expect(silence.endsAt == .seconds(195))
    }

    @Test func `bytes are news while there are more than ever, not where they go up and down`() {
        var silence = silence
        silence.saw(JobProgress(dumpedBytes: 1000, storedBytes: 10), now: .seconds(10))
        for second in 11...90 {
            let bytes = Int64(second % 2) * 1000
            silence.saw(JobProgress(dumpedBytes: bytes, storedBytes: bytes / 100), now: .seconds(second))
        }
        #expect(silence.endsAt == .seconds(110))
        silence.saw(JobProgress(storedBytes: 11), now: .seconds(95))
        #expect(silence.endsAt == .seconds(195))
        silence.saw(JobProgress(finishedDisks: 1), now: .seconds(96))
        #expect(silence.endsAt == .seconds(196))
    }

    @Test func `a state is news once, and once more after the job was asked for again`() {
        var silence = silence
        for second in 1...50 {
            silence.saw(second % 2 == 0 ? .running : .accepted, now: .seconds(second))
        }
        #expect(silence.endsAt == .seconds(102))
        silence.submitted(.seconds(60))
        silence.saw(.running, now: .seconds(61))
        #expect(silence.endsAt == .seconds(161))
    }

    @Test func `more events of any kind in a minute than any agent sends are a flood`() {
        func sent(_ count: Int, each time: Duration) -> JobSilence {
            var silence = silence
            for number in 1...count {
                var progress = event(1, .progress)
                progress.progress = JobProgress(dumpedBytes: Int64(number))
                silence.saw(progress, now: time * number)
            }
            return silence
        }
        #expect(!sent(200_000, each: .microseconds(10)).isFlooded)
        let flood = sent(200_001, each: .microseconds(10))
        #expect(flood.isFlooded)
        #expect(flood.floodText.contains("more than 200000 events of this job within a minute"))
        #expect(!sent(400_000, each: .milliseconds(1)).isFlooded)
    }

    @Test func `more text or more events than any job has are a flood`() {
        var texts = silence
        let text = String(repeating: "x", count: 16 << 10)
        for number in 1...4096 {
            texts.saw(note(number, text), now: .seconds(1))
        }
        #expect(!texts.isFlooded)
        texts.saw(note(4097, text), now: .seconds(1))
        #expect(texts.isFlooded)
        #expect(texts.floodText.contains("4097 notes and events of 64.0 MiB"), "\(texts.floodText)")
        var events = silence
        for number in 1...100_000 { events.saw(event(number, .disk), now: .seconds(1)) }
        #expect(!events.isFlooded)
        // One that is told again counts, too.
        events.saw(event(1, .disk), now: .seconds(1))
        #expect(events.isFlooded)
        var heartbeats = silence
        for _ in 1...200_000 { heartbeats.saw(event(2, .heartbeat), now: .seconds(1)) }
        #expect(!heartbeats.isFlooded)
    }

    @Test func `numbers at the end of their range are news once`() {
        var silence = silence
        silence.saw(JobProgress(dumpedBytes: .max, storedBytes: .max, finishedDisks: .max), now: .seconds(1))
        silence.saw(JobProgress(dumpedBytes: .min, storedBytes: .min, finishedDisks: .min), now: .seconds(2))
        silence.saw(JobProgress(dumpedBytes: .max, storedBytes: .max, finishedDisks: .max), now: .seconds(3))
        silence.saw(event(.max, .note), now: .seconds(4))
        silence.saw(event(.max, .note), now: .seconds(5))
        #expect(silence.endsAt == .seconds(104))
    }

    @Test func `what is waited for is waited for as long as it says, from the last news on`() {
        var silence = silence
        silence.saw(waiting("a script", 300), now: .seconds(10))
        #expect(silence.endsAt == .seconds(400))
        silence.saw(event(1, .note), now: .seconds(50))
        #expect(silence.endsAt == .seconds(450))
        // Over: that time is not counted, and none beyond it.
        silence.saw(JobProgress(), now: .seconds(250))
        #expect(silence.endsAt == .seconds(350))
        silence.saw(waiting("another", 300), now: .seconds(260))
        #expect(silence.endsAt == .seconds(650))
    }

    @Test(arguments: [Int.max, 2000, 1_000_000_000]) func `no wait is longer than the order can take`(
        seconds: Int
    ) {
        var silence = silence
        silence.saw(waiting("the end of the world", seconds), now: .seconds(1))
        #expect(silence.endsAt == .seconds(1100))
        // Nor are many of them.
        for second in stride(from: 2, to: 900, by: 2) {
            silence.saw(waiting("\(second)", seconds), now: .seconds(second))
        }
        #expect(silence.endsAt == .seconds(1100))
    }

    @Test func `a wait of less than nothing is none`() {
        var silence = silence
        silence.saw(waiting("nothing", .min), now: .seconds(1))
        #expect(silence.endsAt == .seconds(100))
    }

    @Test func `what an order can make a node wait for is known without the node`() {
        #expect(JobOrder.backup(BackupOrder(configurations: [])).longestWait == .seconds(86_400))
        var restore = RestoreOrder(sourceNode: "node01", configurations: [])
        #expect(JobOrder.restore(restore).longestWait == .seconds(5 * 86_400))
        restore.thaw = ThawOrder(deadlineSeconds: .max)
        #expect(JobOrder.restore(restore).longestWait == .seconds(367 * 86_400))
    }

    @Test func `says how long it was, and what was said to be waited for`() {
        var silence = silence
        silence.saw(waiting("vertica: tar", 60), now: .seconds(10))
        #expect(
            silence.text(.seconds(300))
                == "no byte, no event and no new state for 5 min 00 s, where it said that it waits for vertica: tar"
        )
    }

    private func note(_ sequence: Int, _ text: String) -> JobEvent {
        JobEvent(sequence: sequence, time: Sample.time, kind: .note, text: text)
    }

    private func event(_ sequence: Int, _ kind: JobEvent.Kind) -> JobEvent {
        JobEvent(sequence: sequence, time: Sample.time, kind: kind)
    }

    private func waiting(_ reason: String, _ seconds: Int) -> JobProgress {
        var progress = JobProgress()
        progress.wait = JobWait(reason: reason, seconds: seconds)
        return progress
    }
}
