// SPDX-License-Identifier: Apache-2.0

// Whoever speaks of a failure on the wire speaks in these words.
@_exported public import Faults

/// A failure as it crosses the wire and as it stands in a record: it keeps its node's name and its kind.
public struct WireError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    public typealias Kind = FaultKind

    public var kind: Kind
    /// The node it happened on; nil for the coordinator itself.
    public var node: String?
    /// What failed, on what, with the values: lower case, no full stop.
    public var message: String
    /// What to do, in the imperative.
    public var hint: String?
    /// With `busy`: the id of the job that runs.
    public var runningJob: String?
    /// With `busy` because a newer run exists: its name, so that the coordinator can move on.
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
