// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// How one node's part in a job ended, as far as the coordinator could see.
struct NodeEnding: Sendable, Equatable, Failable {
    let node: String
    var attempt: Int
    /// The job's final state; nil where the agent was lost or never took it.
    var snapshot: JobSnapshot?
    /// Why it did not succeed.
    var error: WireError?
    var errors: [WireError]?
    /// Whether the agent ever said a word about it.
    var wasHeard = false
    /// The last running totals that were seen, whatever became of the agent.
    var progress: JobProgress?
}

/// Drives one node's job to its final state: a value whose methods take what happened and say what to do next.
///
/// Times are `Duration`s since any common start. The agent owns the job: losing sight of it is no failure until
/// `patience` has passed since the last sign of life.
struct JobFollowing {
    enum Step: Equatable {
        case submit(attempt: Int)
        /// Ask where the job stands.
        case look
        case follow(after: Int)
        /// Wait, then ask `resumed()`.
        case pause(Duration)
        case finished(NodeEnding)
    }

    /// How often a job that its agent's death interrupted is started again without asking anybody.
    static let restartLimit = 3
    static let longestPause: Duration = .seconds(5)

    let node: String
    let patience: Duration
    private(set) var attempt: Int
    /// Number of the newest event seen.
    private(set) var sequence = 0
    /// False once the lease is lost: nothing new is started.
    var mayStart = true

    /// What does the job again, for the hint.
    private let redoing: String
    private var isAccepted: Bool
    private var wasHeard = false
    private var lastHeard: Duration
    private var failures = 0
    private var restarts = 0
    private var lastProgress: JobProgress?
    private var silence: JobSilence
    /// Event streams that ended since one of them had anything to say.
    private var emptyStreams = 0
    private var hasAnswered = false

    /// - Parameters:
    ///   - isKnown: an earlier coordinator submitted the job already: look before asking for it.
    ///   - silence: how long it may show nothing.
    init(
        node: String, attempt: Int, isKnown: Bool = false, redoing: String, patience: Duration,
        silence: JobSilence, now: Duration
    ) {
        self.node = node
        self.redoing = redoing
        self.attempt = attempt
        self.patience = patience
        self.silence = silence
        isAccepted = isKnown
        lastHeard = now
    }

    /// When the job is to be given up unless there is news of it.
    ///
    /// While the agent does not answer at all, `patience` counts where that is longer.
    var silenceEndsAt: Duration {
        failures > 0 ? max(silence.endsAt, lastHeard + patience) : silence.endsAt
    }

    /// What is known of the job now, as the ending of one that is given up.
    func givenUp(_ error: WireError) -> NodeEnding {
        NodeEnding(node: node, attempt: attempt, wasHeard: wasHeard, progress: lastProgress).with([error])
    }

    /// Whether the agent has sent more of the job than any job can have.
    var isFlooded: Bool { silence.isFlooded }
    var floodText: String { silence.floodText }

    /// Why it is given up.
    func silenceText(_ now: Duration) -> String { silence.text(now) }

    /// The job is asked for now, or would be.
    ///
    /// - Returns: where that may not be, the end.
    mutating func submitting(now: Duration) -> Step? {
        guard mayStart else { return finished(notStarted) }
        silence.submitted(now)
        return nil
    }

    func begin() -> Step { isAccepted ? .look : .submit(attempt: attempt) }

    /// The agent said where the job stands; nil: it does not know it.
    mutating func answered(_ snapshot: JobSnapshot?, now: Duration) -> Step {
        heard(now)
        guard let snapshot else {
            guard !hasAnswered || restarts < Self.restartLimit else { return finished(forgotten) }
            if hasAnswered { restarts += 1 }
            return begunAnew(at: max(1, attempt))
        }
        isAccepted = true
        hasAnswered = true
        silence.saw(snapshot.state, now: now)
        silence.saw(snapshot.progress, now: now)
        attempt = snapshot.attempt
        keep(snapshot.progress)
        // Numbers go on over attempts. Lower ones mean that the agent has lost its memory of the job.
        if snapshot.lastSequence < sequence { sequence = 0 }
        switch snapshot.state {
        case .accepted, .running: return .follow(after: sequence)
        case .interrupted where mayStart && restarts < Self.restartLimit:
            restarts += 1
            return begunAnew(at: attempt + 1)
        case .succeeded, .failed, .cancelled, .interrupted:
            return .finished(
                NodeEnding(
                    node: node, attempt: attempt, snapshot: snapshot, wasHeard: true, progress: lastProgress
                ).with(faults(of: snapshot)))
        }
    }

    /// An event came. Returns whether it ends the job, so that the final snapshot is worth asking for.
    mutating func heard(_ event: JobEvent, now: Duration) -> Bool {
        heard(now)
        sequence = max(sequence, event.sequence)
        let before = silence.newsCount
        silence.saw(event, now: now)
        if silence.newsCount > before { emptyStreams = 0 }
        if let progress = event.progress { keep(progress) }
        return event.kind == .state && event.state?.isFinal == true
    }

    /// The job waited for its turn to be listened to: its agent's silence meanwhile was ours.
    mutating func waited(_ time: Duration) {
        lastHeard += time
        silence.ours(time)
    }

    /// Somebody else's turn to be listened to has come.
    func gaveWay() -> Step { .follow(after: sequence) }

    /// The event stream ended, broken or not.
    mutating func streamEnded(_ error: (any Fault)?, now: Duration) -> Step {
        if let error { return failed(error, now: now) }
        emptyStreams += 1
        return emptyStreams > 1 ? pause(emptyStreams) : .look
    }

    /// A request failed.
    mutating func failed(_ error: any Fault, now: Duration) -> Step {
        // A door that was open opens again, as a rule: a clock was set for a moment, files are being put in place.
        let isShut = wasHeard && error.kind == .authentication
        // An agent that is stopping says `interrupted`; it may be back soon.
        guard isShut || error.kind == .agentLost || error.kind == .interrupted || error is NotAsked else {
            return finished(error)
        }
        failures += 1
        guard now - lastHeard < patience else {
            return finished(isShut ? error : lost(WireError(error, node: node)))
        }
        return pause(failures)
    }

    private func pause(_ count: Int) -> Step {
        .pause(min(Self.longestPause, .milliseconds(500) * (1 << min(count, 4)), patience))
    }

    /// A pause is over.
    func resumed() -> Step { isAccepted ? .look : .submit(attempt: attempt) }

    private mutating func heard(_ now: Duration) {
        wasHeard = true
        lastHeard = now
        failures = 0
    }

    /// An agent that came back has forgotten what its dead self had done: nothing is no news.
    private mutating func keep(_ progress: JobProgress) {
        if progress.dumpedBytes > 0 || progress.storedBytes > 0 { lastProgress = progress }
    }

    private mutating func begunAnew(at attempt: Int) -> Step {
        guard mayStart else { return finished(notStarted) }
        self.attempt = attempt
        isAccepted = false
        return .submit(attempt: attempt)
    }

    private func finished(_ error: any Fault) -> Step {
        .finished(
            NodeEnding(node: node, attempt: attempt, wasHeard: wasHeard, progress: lastProgress)
                .with(WireError.all(of: error, node: node)))
    }

    private var notStarted: WireError {
        WireError(
            .interrupted, node: node, "the job is not running, and without the lease nothing is started",
            hint: "another coordinator holds the cluster: 'amfleet status' names it.")
    }

    private var forgotten: WireError {
        WireError(
            .interrupted, node: node,
            "the agent has forgotten the job \(Quantity.count(Self.restartLimit + 1, "time"))",
            hint: "look at amfleetd's log and its state directory on the node, then \(redoing).")
    }

    private func lost(_ error: WireError) -> WireError {
        WireError(
            .agentLost, node: node,
            "no word from the agent for \(Quantity.duration(seconds: patience.inSeconds)): \(error.message)",
            hint:
                "see that amfleetd runs on the node and that its address in cluster.json is right, then \(redoing)."
        )
    }

    private func faults(of snapshot: JobSnapshot) -> [WireError] {
        guard snapshot.state != .succeeded else { return [] }
        guard snapshot.faults.isEmpty else {
            return NodeRecord.bounded(
                snapshot.faults.map { $0.said(by: node) }, to: 100
            ) { WireError(.failed, node: node, "\($0) reasons") }
        }
        switch snapshot.state {
        case .cancelled: return [WireError(.cancelled, node: node, "cancelled")]
        case .interrupted: return [WireError(.interrupted, node: node, "the agent stopped in the middle")]
        default: return [WireError(.failed, node: node, "the job failed and gave no reason")]
        }
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
