// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import LogOutput
import Logging
import S3

/// Carries out what `JobFollowing` decides, for one node: requests, event streams and pauses.
struct JobFollower: Sendable {
    let agent: AgentClient
    let limits: ClusterSettings.Limits
    /// When `limits.run` is over, since the process began.
    var runEndsAt: Duration?
    /// Where progress and notes go.
    let board: ProgressBoard
    /// How many jobs are listened to at a time.
    let turns: StreamTurns
    let asked: AskedAttempts
    /// Whether a job may be started now.
    let mayStart: @Sendable () async -> RunLease.Permission
    /// Whether the lease is another's: no job may be started any more.
    let isLost: @Sendable () -> Bool
    /// The lease's number; nil: none.
    var fence: Int?
    var logger = Logger.discarding

    /// - Parameters:
    ///   - isKnown: see `JobFollowing`.
    ///   - secrets: that the job waits for, at every attempt anew.
    /// - Throws: `CancellationError` only.
    func follow(
        _ request: JobRequest, isKnown: Bool, secrets: SecretsOrder? = nil
    ) async throws -> NodeEnding {
        let redoing = Self.redoing(request)
        let silence = JobSilence(limit: limits.stalled, longestWait: request.order.longestWait, now: now())
        let watch = FollowWatch(
            JobFollowing(
                node: agent.node, attempt: request.attempt, isKnown: isKnown, redoing: redoing,
                patience: limits.agentLost, silence: silence, now: now()), runEndsAt: runEndsAt)
        let outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask { .ended(try await drive(request, secrets, watch)) }
            group.addTask { .over(try await watch.untilOver()) }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
        let ending: NodeEnding
        switch outcome {
        case .ended(let ended): ending = ended
        case .over(let reason): ending = try await end(request, watch.following, reason, redoing)
        }
        tell(ending)
        await board.end(ending)
        return ending
    }

    private enum Outcome: Sendable {
        case ended(NodeEnding)
        case over(FollowWatch.Reason)
    }

    private func drive(
        _ request: JobRequest, _ secrets: SecretsOrder?, _ watch: FollowWatch
    ) async throws -> NodeEnding {
        var following = watch.following
        var step = following.begin()
        // A job that another coordinator asked for may still wait for them; one that does not refuses them.
        if let secrets, step == .look { try? await agent.send(secrets, to: request.id) }
        while true {
            try Task.checkCancellation()
            following.mayStart = !isLost()
            watch.keep(following)
            switch step {
            case .submit(let attempt):
                step = try await submit(request, secrets, attempt: attempt, &following, watch)
            case .look: step = try await look(request, &following)
            case .follow(let sequence):
                step = try await follow(request.id, after: sequence, &following, watch)
            case .pause(let duration):
                logger.info("the agent is asked again", metadata: ["in": "\(duration)"])
                try await Task.sleep(for: duration)
                step = following.resumed()
            case .finished(let ending): return ending
            }
        }
    }

    /// The job has shown nothing for too long, or the run has taken too long: its node's part ends here, and on the node where
    /// that can be had.
    private func end(
        _ request: JobRequest, _ following: JobFollowing, _ reason: FollowWatch.Reason, _ redoing: String
    ) async throws -> NodeEnding {
        let (why, setting): (String, String?) =
            switch reason {
            case .silence: (following.silenceText(now()), "limits.stalled")
            case .flood: (following.floodText, nil)
            case .runOver: ("the run has taken longer than limits.run allows", "limits.run")
            }
        logger.warning("the job is given up", metadata: ["reason": "\(why)"])
        await board.note(agent.node, "\(why): its job is cancelled")
        var ending: NodeEnding
        do {
            let job = try await JobCancellation(agent: agent, bound: JobCancellation.bound, fence: fence)
                .cancel(request.id, attempt: following.attempt)
            let end = job == nil ? "the agent does not know the job" : "its job was cancelled"
            ending = following.givenUp(
                WireError(
                    .failed, node: agent.node, "\(why): \(end)",
                    hint: "look at amfleetd's log on the node, then \(redoing)"
                        + (setting.map { "; what only takes long needs a larger \($0) in cluster.json." }
                            ?? ".")))
            ending.snapshot = job
            // It was done just then.
            if job?.state == .succeeded { ending = ending.with([]) }
        } catch let error as any Fault {
            let error = WireError(of: error)
            ending = following.givenUp(
                WireError(.failed, node: agent.node, "\(why), and \(error.message)", hint: error.hint))
        }
        return ending
    }

    /// What a restore was killed in the middle of is not empty any more.
    private static func redoing(_ request: JobRequest) -> String {
        switch request.order {
        case .backup(let order) where !order.dryRun: "run 'amfleet retry \(request.run)'"
        case .backup: "ask again"
        case .flush: "run 'amfleet flush' again"
        case .accept: "run 'amfleet accept' again"
        case .restore: "restore it again: the same command goes on where this one stopped"
        case .restorePlan: "ask again"
        }
    }

    private func submit(
        _ request: JobRequest, _ secrets: SecretsOrder?, attempt: Int, _ following: inout JobFollowing,
        _ watch: FollowWatch
    ) async throws -> JobFollowing.Step {
        let permission = await mayStart()
        guard permission != .unknown else {
            await board.note(
                agent.node, "not started yet: the store does not say whether the lease is still ours")
            return .pause(JobFollowing.longestPause)
        }
        following.mayStart = permission == .yes
        if let end = following.submitting(now: now()) { return end }
        watch.keep(following)
        asked.asked(agent.node, attempt)
        if attempt > request.attempt { await board.note(agent.node, "begins again, attempt \(attempt)") }
        logger.info("job submitted", metadata: ["attempt": "\(attempt)"])
        var request = request
        request.attempt = attempt
        return try await asking(&following) { [request] in
            let snapshot = try await agent.submit(request)
            // What cannot be sent leaves the job asked for: it is asked for once more, which is the same job.
            if let secrets, !snapshot.state.isFinal { try await agent.send(secrets, to: request.id) }
            return snapshot
        }
    }

    private func look(
        _ request: JobRequest, _ following: inout JobFollowing
    ) async throws -> JobFollowing.Step {
        var request = request
        request.attempt = max(request.attempt, following.attempt)
        return try await asking(&following) { [request] in try await agent.job(request.id, request) }
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
        _ id: String, after sequence: Int, _ following: inout JobFollowing, _ watch: FollowWatch
    ) async throws -> JobFollowing.Step {
        let asked = now()
        watch.pause()
        try await turns.take()
        defer { turns.giveBack() }
        let begun = now()
        following.waited(begun - asked)
        watch.keep(following)
        do {
            for try await event in try await agent.events(id, after: sequence) {
                await show(event)
                let isLast = following.heard(event, now: now())
                watch.keep(following)
                if isLast { break }
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
