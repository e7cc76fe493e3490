// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork

/// What became of one node's part in a job: a report, or the reason why there is none.
struct NodeOutcome<Report: Sendable>: Sendable {
    let node: String
    let result: Result<Report, WireErrors>

    init(node: String, result: Result<Report, WireErrors>) {
        self.node = node
        self.result = result
    }

    /// Runs `work`; every error but cancellation becomes the outcome.
    init(node: String, of work: (_ node: String) async throws -> Report) async throws {
        self.node = node
        do {
            result = .success(try await work(node))
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            result = .failure(WireErrors(WireError.all(of: error, node: node)))
        }
    }

    var report: Report? { try? result.get() }

    /// Why there is no report; empty where there is one.
    var faults: [WireError] {
        guard case .failure(let error) = result else { return [] }
        return error.errors
    }

    /// The first of them.
    var error: WireError? { faults.first }
}

/// Runs `work` on every node, at most `width` at a time, and reports each one's outcome in node order.
///
/// One node's failure does not stop the others: four of five nodes safe and the fifth named is worth
/// more than none. Cancelling the caller cancels every running node and starts no further one.
///
/// - Throws: `CancellationError` if the caller was cancelled.
func onEveryNode<Report: Sendable>(
    _ nodes: [String], width: Int = 256,
    _ work: @escaping @Sendable (_ node: String) async throws -> Report
) async throws -> [NodeOutcome<Report>] {
    try await onEvery(nodes, width: width) { node in try await NodeOutcome(node: node, of: work) }
}
