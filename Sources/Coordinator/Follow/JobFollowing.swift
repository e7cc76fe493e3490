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

    /// - Parameter isKnown: an earlier coordinator submitted the job already: look before asking for it.
    init(
        node: String, attempt: Int, isKnown: Bool = false, redoing: String, patience: Duration, now: Duration
    ) {
        self.node = node
        self.redoing = redoing
        self.attempt = attempt
        self.patience = patience
        isAccepted = isKnown
        lastHeard = now
    }

    func begin() -> Step { isAccepted ? .look : .submit(attempt: attempt) }

    /// The agent said where the job stands; nil: it does not know it.
    mutating func answered(_ snapshot: JobSnapshot?, now: Duration) -> Step {
        heard(now)
        guard let snapshot else { return begunAnew(at: max(1, attempt)) }
        isAccepted = true
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
        if let progress = event.progress { keep(progress) }
        return event.kind == .state && event.state?.isFinal == true
    }

    /// The job waited for its turn to be listened to: its agent's silence meanwhile was ours.
    mutating func waited(_ time: Duration) {
        lastHeard += time
    }

    /// Somebody else's turn to be listened to has come.
    func gaveWay() -> Step { .follow(after: sequence) }

    /// The event stream ended, broken or not.
    mutating func streamEnded(_ error: (any Fault)?, now: Duration) -> Step {
        guard let error else { return .look }
        return failed(error, now: now)
    }

    /// A request failed.
    mutating func failed(_ error: any Fault, now: Duration) -> Step {
        // An agent that is stopping says `interrupted`; it may be back soon.
        guard error.kind == .agentLost || error.kind == .interrupted || error is NotAsked else {
            return finished(error)
        }
        failures += 1
        guard now - lastHeard < patience else { return finished(lost(WireError(error, node: node))) }
        return .pause(min(Self.longestPause, .milliseconds(500) * (1 << min(failures, 4)), patience))
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
        guard mayStart else {
            return finished(
                WireError(
                    .interrupted, node: node,
                    "the job is not running, and without the lease nothing is started"))
        }
        self.attempt = attempt
        isAccepted = false
        return .submit(attempt: attempt)
    }

    private func finished(_ error: any Fault) -> Step {
        .finished(
            NodeEnding(node: node, attempt: attempt, wasHeard: wasHeard, progress: lastProgress)
                .with(WireError.all(of: error, node: node)))
    }

    private func lost(_ error: WireError) -> WireError {
        WireError(
            .agentLost, node: node,
            "no word from the agent for \(Quantity.duration(seconds: patience.inSeconds)): \(error.message)",
            hint: "start amfleetd on the node, then \(redoing).")
    }

    private func faults(of snapshot: JobSnapshot) -> [WireError] {
        guard snapshot.state != .succeeded else { return [] }
        guard snapshot.faults.isEmpty else { return snapshot.faults.map { $0.on(node) } }
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
