// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// How long a job has shown nothing that matters: a value; times are `Duration`s since any common start.
///
/// News is what a node cannot have again and again for nothing: more bytes or disks than ever in this attempt, an event with a
/// higher number than ever, the first word of a state. Heartbeats, figures that alternate and numbers that begin anew are none.
/// While the node says what it waits for, that long is waited too.
struct JobSilence {
    /// A note is news so often: an agent keeps no more of one job.
    private static let noteLimit = 2000
    /// Bytes of text and events that a job of any size stays far below.
    private static let floodBytes = 64 << 20
    private static let floodEvents = 100_000
    /// Events of any kind in a minute: an agent sends one a second, and what was missed at once.
    private static let floodRate = 200_000

    /// What an order itself can make a node wait for, whatever the node says.
    let longestWait: Duration

    private let limit: Duration
    /// How often there was news.
    private(set) var newsCount = 0

    private var lastNews: Duration
    private var noteCount = 0
    private var eventCount = 0
    private var textBytes = 0
    /// Of the minute that began then.
    private var minute = (begin: Duration.zero, eventCount: 0)
    private var isTooFast = false
    private var highest = JobProgress()
    private var sequence = 0
    private var states: Set<JobState> = []
    private var wait: JobWait?
    private var waitBegan = Duration.zero
    /// Of waits that are over, since the last news.
    private var waited = Duration.zero

    init(limit: Duration, longestWait: Duration, now: Duration) {
        self.limit = limit
        self.longestWait = longestWait
        lastNews = now
    }

    /// When the job has been silent for too long, if nothing comes until then.
    var endsAt: Duration {
        lastNews + limit + min(longestWait, waited + (wait?.length ?? .zero))
    }

    /// We have asked for the job: what it shows begins anew. The caller bounds how often.
    mutating func submitted(_ now: Duration) {
        highest = JobProgress()
        sequence = 0
        states = []
        news(now)
    }

    /// For so long nobody has listened.
    mutating func ours(_ time: Duration) {
        lastNews += time
        waitBegan += time
    }

    mutating func saw(_ state: JobState, now: Duration) {
        if states.insert(state).inserted { news(now) }
    }

    mutating func saw(_ event: JobEvent, now: Duration) {
        if now - minute.begin > .seconds(60) { minute = (now, 0) }
        minute.eventCount += 1
        isTooFast = isTooFast || minute.eventCount > Self.floodRate
        if let progress = event.progress { saw(progress, now: now) }
        if event.kind == .note || event.kind == .disk || event.kind == .state {
            eventCount += 1
            textBytes += event.text?.utf8.count ?? 0
        }
        guard event.kind != .heartbeat, event.kind != .progress, event.sequence > sequence else { return }
        sequence = event.sequence
        if event.kind == .note {
            noteCount += 1
            guard noteCount <= Self.noteLimit else { return }
        }
        news(now)
    }

    /// Whether the agent has sent more of a job than any job can have.
    var isFlooded: Bool {
        textBytes > Self.floodBytes || eventCount > Self.floodEvents || isTooFast
    }

    var floodText: String {
        isTooFast
            ? "the agent has sent more than \(Self.floodRate) events of this job within a minute, which is too much"
            : "the agent has sent \(eventCount) notes and events of \(Quantity.bytes(Int64(textBytes))) of this job, which is too much"
    }

    mutating func saw(_ progress: JobProgress, now: Duration) {
        if progress.wait?.reason != wait?.reason {
            if let wait { waited += min(wait.length, now - waitBegan) }
            waitBegan = now
        }
        wait = progress.wait
        let isMore =
            progress.dumpedBytes > highest.dumpedBytes || progress.storedBytes > highest.storedBytes
            || progress.finishedDisks > highest.finishedDisks
        highest.dumpedBytes = max(highest.dumpedBytes, progress.dumpedBytes)
        highest.storedBytes = max(highest.storedBytes, progress.storedBytes)
        highest.finishedDisks = max(highest.finishedDisks, progress.finishedDisks)
        if isMore { news(now) }
    }

    /// The silence as a reason.
    func text(_ now: Duration) -> String {
        let length = Quantity.duration(seconds: (now - lastNews).inSeconds)
        let excuse = wait.map { ", where it said that it waits for \($0.reason)" } ?? ""
        return "no byte, no event and no new state for \(length)\(excuse)"
    }

    private mutating func news(_ now: Duration) {
        newsCount += 1
        lastNews = now
        waited = .zero
        waitBegan = now
    }
}

extension JobWait {
    fileprivate var length: Duration { .seconds(max(0, min(seconds, 366 * 86_400))) }
}

extension JobOrder {
    /// The longest that a node can have to wait in it: for a `starttime`, a day; for the archive, as long as was ordered.
    var longestWait: Duration {
        let day = 86_400
        guard case .restore(let order) = self else { return .seconds(day) }
        // Without an order it is twice what the slowest retrieval takes: 48 hours.
        let thaw = min(order.thaw?.deadlineSeconds ?? 4 * day, 366 * day)
        return .seconds(day + max(0, thaw))
    }
}
