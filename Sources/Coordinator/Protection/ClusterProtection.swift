// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What the cluster does not overwrite, whatever the rules of a single node say.
struct ClusterProtection: Sendable, Equatable {
    /// One run, and what of it lies on which node.
    struct Run: Sendable, Equatable {
        let run: RunName
        let reason: ProtectedRun.Reason
        /// By node; a node without volumes of it is left out.
        var volumes: [String: [ProtectedVolume]] = [:]
        /// Nodes of which nobody could read what they have: there every volume that bears the run is kept.
        var unread: Set<String> = []
        /// Configurations that it is kept for.
        var configurations: Set<String> = []
        /// What keeps it from being the newest run of the whole cluster; nil: nothing.
        var lack: String?
        /// What could not be looked at; it is kept until that is known.
        var unknown: String?
    }

    var runs: [Run] = []
    /// Whether every pin is known.
    var arePinsKnown = true
    /// Whether a run is among them that all nodes and configurations of `cluster.json` can have back.
    var hasWholeSet = false
    /// How many runs there are, and how many of them, the newest, were looked at.
    var (runCount, searchedCount) = (0, 0)
    /// What could not be read on the way.
    var unknowns: [String] = []

    /// What to tell one node.
    func order(for node: String) -> RunProtection {
        let own = runs.compactMap { run -> ProtectedRun? in
            if run.unread.contains(node) {
                return ProtectedRun(run: run.run, reason: run.reason, volumes: nil)
            }
            return run.volumes[node].map { ProtectedRun(run: run.run, reason: run.reason, volumes: $0) }
        }
        return RunProtection(runs: own, namesEveryPin: arePinsKnown)
    }

    /// Runs that are kept because the nodes can have them back together, newest first.
    var sets: [RunName] { runs.filter { $0.reason == .set }.map(\.run) }
    var pinned: [RunName] { runs.filter { $0.reason == .pinned }.map(\.run) }
}

extension ClusterProtection {
    /// What an administrator should know; empty where the newest set of the whole cluster was found and everything could be read.
    var remarks: [String] {
        unknowns
            + runs.compactMap { run in
                run.unknown.map {
                    "run \(run.run) is kept, for it is not certain that every node can have it back: \($0)"
                }
            } + (hasWholeSet || runCount == 0 ? [] : [missing])
    }

    private var missing: String {
        let among =
            searchedCount < runCount
            ? "the newest \(searchedCount) of \(runCount) runs, and those that they name"
            : "all \(runCount) runs"
        let none = "no run that every node of cluster.json can have back was found among \(among)"
        let kept = runs.filter { $0.reason == .set && $0.unknown == nil }.map { run in
            "run \(run.run)\(run.lack.map { " (\($0))" } ?? "")"
        }
        return kept.isEmpty
            ? "\(none): nothing but pinned runs is kept beyond what each node's own rules keep"
            : "\(none); until there is one, \(kept.joined(separator: " and ")) stays"
    }
}
