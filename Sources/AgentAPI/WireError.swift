// SPDX-License-Identifier: Apache-2.0

/// A failure as it crosses the wire and as it stands in a record: it keeps its node's name and its kind.
public struct WireError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// What decides the exit code and whether trying again can help.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Settings or configuration that cannot be used: exit 2 before the start.
        case configuration
        /// Credentials, permission, bucket: the store refused. Exit 6 where every node met it.
        case storageRefused
        /// The store did not answer within `limits.storageOutage`.
        case storageUnreachable
        /// The agent did not answer within `limits.agentLost`.
        case agentLost
        /// A certificate, either side's.
        case authentication
        /// Another job or run is in the way; `runningJob` names it.
        case busy
        /// The dump or restore itself failed.
        case failed
        /// Ended by an operator.
        case cancelled
        /// The agent stopped in the middle.
        case interrupted
        /// Stored data is missing or changed.
        case damaged
        /// The request is for something that this version does not do.
        case unsupported
    }

    public var kind: Kind
    /// The node it happened on; nil for the coordinator itself.
    public var node: String?
    /// What failed, on what, with the values: lower case, no full stop.
    public var message: String
    /// What to do, in the imperative.
    public var hint: String?
    /// With `busy`: the id of the job that runs.
    public var runningJob: String?
    /// With `busy` because a newer run exists: its name, so that the coordinator can move on (DESIGN decision 11).
    public var newestRun: RunName?

    public init(
        _ kind: Kind, node: String? = nil, _ message: String, hint: String? = nil, runningJob: String? = nil,
        newestRun: RunName? = nil
    ) {
        self.kind = kind
        self.node = node
        self.message = message
        self.hint = hint
        self.runningJob = runningJob
        self.newestRun = newestRun
    }

    public var description: String {
        let first = node.map { "\($0): \(message)" } ?? message
        return hint.map { "\(first)\nhint: \($0)" } ?? first
    }
}
