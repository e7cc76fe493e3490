// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What is not overwritten, for reports.
public struct ProtectionSummary: Sendable, Encodable, Equatable {
    public struct Run: Sendable, Encodable, Equatable {
        public var run: RunName
        public var reason: ProtectedRun.Reason
        /// What of `cluster.json` it lacks; nil: nothing.
        public var lack: String?
        /// Why nobody knows whether every node can have it back; nil: all can.
        public var unknown: String?
    }

    /// Sets newest first, then pins.
    public var runs: [Run]
    /// Whether one of them can be had back on every node, with every configuration.
    public var hasWholeSet: Bool
    /// Of `runCount` runs so many, the newest, were looked at.
    public var searchedRuns: Int
    public var runCount: Int
    /// What an administrator should know of it.
    public var remarks: [String]

    init(_ protection: ClusterProtection) {
        runs = protection.runs.map {
            Run(run: $0.run, reason: $0.reason, lack: $0.lack, unknown: $0.unknown)
        }
        hasWholeSet = protection.hasWholeSet
        searchedRuns = protection.searchedCount
        runCount = protection.runCount
        remarks = protection.remarks
    }

    /// One line of what is kept, then what is to be known.
    var lines: [String] { [kept].compactMap(\.self) + remarks }

    /// `not overwritten: run … (pinned)`; nil: nothing is kept.
    var kept: String? {
        let kept = runs.filter { $0.unknown == nil }.map { run in
            "run \(run.run) ("
                + (run.reason == .pinned ? "pinned" : run.lack ?? "the newest that every node can have back")
                + ")"
        }
        return kept.isEmpty ? nil : "not overwritten: \(kept.joined(separator: ", "))"
    }
}
