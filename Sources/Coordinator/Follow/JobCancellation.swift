// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Synchronization

/// Ends jobs of one node and sees them ended, within a bound that holds whatever the agent does.
struct JobCancellation: Sendable {
    let agent: AgentClient
    let bound: Duration
    /// Of the lease; nil: an operator's word, which every agent takes.
    var fence: Int?

    /// How long cancelled jobs are waited for.
    static let bound: Duration = .seconds(30)
    private static let lookEvery: Duration = .milliseconds(250)
    private static let retryEvery: Duration = .seconds(2)

    /// - Parameter attempt: the newest that was asked for: one of it that is still on its way does not begin either.
    /// - Returns: the job's final state, nil for a job that the agent does not know.
    /// - Throws: `WireError` when it has not ended within the bound, naming job and node, and what the agent said.
    func cancel(_ id: String, attempt: Int? = nil) async throws -> JobSnapshot? {
        let said = Mutex<WireError?>(nil)
        let ended = try await withTimeLimit(bound) { () -> Ended in
            while true {
                do {
                    return try await end(id, attempt)
                } catch let error as any Fault where error.kind == .agentLost || error.kind == .interrupted {
                    said.withLock { $0 = WireError(of: error) }
                    try await Task.sleep(for: Self.retryEvery)
                }
            }
        }
        if let ended { return ended.job }
        let reason = said.withLock { $0 }.map { ": \($0.message)" } ?? ""
        throw WireError(
            .failed, node: agent.node,
            "job '\(id)' could not be ended within \(bound.components.seconds) s\(reason)",
            hint:
                "look at the node: 'amfleet status' shows what it does; where nothing else helps, restart amfleetd there."
        )
    }

    private struct Ended: Sendable {
        let job: JobSnapshot?
    }

    private func end(_ id: String, _ attempt: Int?) async throws -> Ended {
        try await agent.cancel(id, attempt: attempt, fence: fence)
        while true {
            guard let snapshot = try await agent.job(id) else { return Ended(job: nil) }
            if snapshot.state.isFinal { return Ended(job: snapshot) }
            try await Task.sleep(for: Self.lookEvery)
        }
    }
}
