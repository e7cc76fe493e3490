// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// Which nodes still work on a run that says `running`, by their own word: all of its nodes, whichever a command is about.
struct RunAtWork: Sendable, Equatable {
    /// How long a node that cannot be asked keeps its run from being judged, since the run began, in seconds. A dead node is not waited
    /// for without end; and should it have worked on all the same, `retry` finds what it has done.
    static let patience: Double = 86_400

    private(set) var atWork: [String] = []
    /// Those that cannot be asked.
    private(set) var silent: [String] = []

    init(atWork: [String] = [], silent: [String] = []) {
        self.atWork = atWork
        self.silent = silent
    }

    /// - Parameter statuses: what nodes have said just now; the others are asked. A node that `cluster.json` names no longer
    ///   cannot be, and is not waited for.
    init(
        _ manifest: RunManifest, _ statuses: [NodeOutcome<NodeStatus>], _ cluster: Cluster
    ) async throws {
        let known = Dictionary(statuses.map { ($0.node, $0) }) { first, _ in first }
        let names = Set(cluster.settings.nodes.map(\.name))
        let running = manifest.nodes.filter { $0.state == .running && names.contains($0.node) }
        let ids = Dictionary(running.map { ($0.node, $0.jobID) }) { first, _ in first }
        let outcomes = try await onEveryNode(running.map(\.node)) { node -> Bool in
            guard let id = ids[node] else { return false }
            if let outcome = known[node] { return try outcome.result.get().runningJob == id }
            return try await cluster.agent(node).job(id).map { !$0.state.isFinal } ?? false
        }
        atWork = outcomes.filter { $0.report == true }.map(\.node)
        silent = outcomes.filter { $0.report == nil }.map(\.node)
    }

    /// Why the run is not to be judged yet; nil: it is.
    func reason(toLeave manifest: RunManifest, at now: Date) -> String? {
        let way =
            (manifest.isLeased ? "" : "if no 'amfleet' works on it any more, ")
            + "'\(manifest.watchCommand)' brings it to its end"
        if !atWork.isEmpty {
            return
                "\(atWork.joined(separator: ", ")) still works on it; \(way)"
        }
        guard !silent.isEmpty, now.timeIntervalSince(manifest.startedAt) < Self.patience else { return nil }
        return "\(silent.joined(separator: ", ")) may still work on it and cannot be asked; \(way)"
    }
}
