// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import LogOutput
import Logging
import S3

/// Carries out what `JobFollowing` decides, for one node: requests, event streams and pauses.
struct JobFollower: Sendable {
    let agent: AgentClient
    let patience: Duration
    /// Where progress and notes go.
    let board: ProgressBoard
    /// Whether jobs may still be started: false once the lease is lost.
    let mayStart: @Sendable () -> Bool
    /// How many jobs are listened to at a time.
    let turns: StreamTurns
    var logger = Logger.discarding

    /// - Parameter isKnown: see `JobFollowing`.
    /// - Throws: `CancellationError` only.
    func follow(_ request: JobRequest, isKnown: Bool) async throws -> NodeEnding {
        var following = JobFollowing(
            node: agent.node, attempt: request.attempt, isKnown: isKnown, redoing: Self.redoing(request),
            patience: patience, now: now())
        var step = following.begin()
        while true {
            try Task.checkCancellation()
            following.mayStart = mayStart()
            switch step {
            case .submit(let attempt): step = try await submit(request, attempt: attempt, &following)
            case .look: step = try await look(request.id, &following)
            case .follow(let sequence): step = try await follow(request.id, after: sequence, &following)
            case .pause(let duration):
                logger.info("the agent is asked again", metadata: ["in": "\(duration)"])
                try await Task.sleep(for: duration)
                step = following.resumed()
            case .finished(let ending):
                tell(ending)
                await board.end(ending)
                return ending
            }
        }
    }

    /// What a restore was killed in the middle of is not empty any more.
    private static func redoing(_ request: JobRequest) -> String {
        switch request.order {
        case .backup(let order) where !order.dryRun: "run 'amfleet retry \(request.run)'"
        case .backup: "ask again"
        case .flush: "run 'amfleet flush' again"
        case .accept: "run 'amfleet accept' again"
        case .restore: "restore it again, with '--overwrite'"
        }
    }

    private func submit(
        _ request: JobRequest, attempt: Int, _ following: inout JobFollowing
    ) async throws -> JobFollowing.Step {
        if attempt > request.attempt { await board.note(agent.node, "begins again, attempt \(attempt)") }
        logger.info("job submitted", metadata: ["attempt": "\(attempt)"])
        var request = request
        request.attempt = attempt
        return try await asking(&following) { [request] in try await agent.submit(request) }
    }

    private func look(_ id: String, _ following: inout JobFollowing) async throws -> JobFollowing.Step {
        try await asking(&following) { try await agent.job(id) }
    }

    private func asking(
        _ following: inout JobFollowing, _ ask: () async throws -> JobSnapshot?
    ) async throws -> JobFollowing.Step {
        do {
            let snapshot = try await ask()
            logger.info("the job is \(snapshot?.state.rawValue ?? "unknown to the agent")")
            if let progress = snapshot?.progress { await board.update(agent.node, progress) }
            return following.answered(snapshot, now: now())
        } catch let error as any Fault {
            await board.note(agent.node, WireError(of: error).message)
            return following.failed(error, now: now())
        }
    }

    private func follow(
        _ id: String, after sequence: Int, _ following: inout JobFollowing
    ) async throws -> JobFollowing.Step {
        let asked = now()
        try await turns.take()
        defer { turns.giveBack() }
        let begun = now()
        following.waited(begun - asked)
        do {
            for try await event in try await agent.events(id, after: sequence) {
                await show(event)
                if following.heard(event, now: now()) { break }
                if turns.isOver(after: now() - begun) {
                    logger.debug("another job is listened to")
                    return following.gaveWay()
                }
            }
            logger.debug("the agent ended the event stream")
            return following.streamEnded(nil, now: now())
        } catch let error as any Fault {
            let message = WireError(of: error).message
            logger.info("the connection to the agent broke", metadata: ["reason": "\(message)"])
            await board.note(agent.node, message)
            return following.streamEnded(error, now: now())
        }
    }

    private func show(_ event: JobEvent) async {
        if let progress = event.progress { await board.update(agent.node, progress) }
        switch event.kind {
        case .disk, .note:
            guard let text = event.text else { return }
            logger.info("the agent says: \(text)", metadata: ["event": "\(event.sequence)"])
            await board.note(agent.node, text)
        case .state:
            logger.info(
                "the job is \(event.state?.rawValue ?? "in no state")",
                metadata: ["event": "\(event.sequence)"])
        case .progress, .heartbeat: logger.trace("\(event.kind.rawValue)")
        }
    }

    private func tell(_ ending: NodeEnding) {
        logger.info(
            "the job has ended",
            metadata: [
                "state": "\(ending.snapshot?.state.rawValue ?? "unknown")", "attempt": "\(ending.attempt)",
                "error": "\(ending.error?.message ?? "none")",
            ])
    }

    private func now() -> Duration { MonotonicTime.now }
}
