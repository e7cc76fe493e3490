// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport
import Logging

// A node's jobs.
extension AgentClient {
    /// An agent sends a heartbeat every 2 s: five missing ones mean that it is frozen or gone.
    static let eventStall: Duration = .seconds(10)

    /// Asks for a job. Twice with the same id and attempt is the same job.
    func submit(_ request: JobRequest) async throws -> JobSnapshot {
        let snapshot: JobSnapshot = try await post(request, AgentPaths.jobs).accepted().value()
        if let fault = JobClaim.fault(snapshot, id: request.id, request, node: node) { throw fault }
        return snapshot
    }

    /// Sends what a job waits for. Twice is as good as once.
    func send(_ secrets: SecretsOrder, to id: String) async throws {
        let body = HTTPBody.bytes(try WireJSON.line(secrets))
        try await connection.send("PUT", AgentPaths.secrets(id), body: body, limit: Self.answerLimit)
            .accepted(olderAgent: "takes no sealed keys")
    }

    /// Where a job stands; nil for one that the agent does not know.
    ///
    /// - Parameter request: as it was asked for, where that is known.
    func job(_ id: String, _ request: JobRequest? = nil) async throws -> JobSnapshot? {
        try requirePossible(id)
        let answer = try await get(AgentPaths.job(id))
        guard !answer.isUnknown else { return nil }
        let snapshot: JobSnapshot = try answer.accepted().value()
        if let fault = JobClaim.fault(snapshot, id: id, request, node: node) { throw fault }
        return snapshot
    }

    /// Every job that the agent remembers, newest first.
    func jobs() async throws -> [JobSnapshot] {
        let list: JobList = try await get(AgentPaths.jobs).accepted().value()
        return list.jobs
    }

    /// Asks for a job's end, which comes later. A job that is final is fine; so is one that is unknown: the agent then keeps in
    /// mind that it must not begin.
    ///
    /// - Parameters:
    ///   - attempt: up to which one it must not begin.
    ///   - fence: of the lease under which this is asked.
    func cancel(_ id: String, attempt: Int? = nil, fence: Int? = nil) async throws {
        try requirePossible(id)
        let path = AgentPaths.cancellation(id, attempt: attempt, fence: fence)
        let answer = try await connection.send("DELETE", path, body: .empty, limit: Self.answerLimit)
        if !answer.isUnknown { try answer.accepted() }
    }

    /// The job's events after number `sequence`, as they come.
    func events(_ id: String, after sequence: Int) async throws -> AgentEvents {
        let stream = try await connection.open(AgentPaths.events(id, after: sequence), stall: Self.eventStall)
        guard stream.status == 200 else {
            throw WireError(
                .agentLost, node: node, "the agent answered \(stream.status) for the events of \(id)")
        }
        logger.debug("listening to the job's events", metadata: ["job": "\(id)", "after": "\(sequence)"])
        return AgentEvents(node: node, stream: stream)
    }

    private func requirePossible(_ id: String) throws {
        guard JobClaim.isPossible(id) else {
            throw WireError(
                .failed, node: node,
                "the agent names a job '\(JobClaim.told(id))', which is no name of a job",
                hint: "look at amfleetd's log on the node, and that no other program answers at its address.")
        }
    }
}
