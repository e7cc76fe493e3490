// SPDX-License-Identifier: Apache-2.0

// Whoever speaks of a failure on the wire speaks in these words.
@_exported public import Faults

/// A single fault as it crosses the wire and as it stands in a record: it keeps its node's name and its kind.
public struct WireError: Fault, Codable, Equatable {
    public typealias Kind = FaultKind

    public var kind: Kind
    /// The node it happened on; nil for the coordinator itself.
    public var node: String?
    /// What failed, on what, with the values, behind the place's text: lower case, no full stop.
    public var message: String
    /// What to do, in the imperative.
    public var hint: String?
    /// Where, as a value; nil where no place is known, and of an older agent.
    public var place: FaultPlace?
    /// With `busy`: the id of the job that runs.
    public var runningJob: String?
    /// With `busy` because a newer run exists: its name, so that the coordinator can move on.
    public var newestRun: RunName?
    /// nil: itself alone; so of an older agent, too.
    private var wide: FaultReach?

    private enum CodingKeys: String, CodingKey {
        case kind, node, message, hint, place, runningJob, newestRun
        case wide = "reach"
    }

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

    /// A fault of a line or file that is known.
    public init(
        _ kind: Kind, node: String? = nil, at place: FaultPlace, _ facts: String, hint: String? = nil
    ) {
        self.init(kind, node: node, "\(place): \(facts)", hint: hint)
        self.place = place
    }

    public var facts: String { message }

    /// What else it keeps from being done. In JSON only where that is more than itself.
    public var reach: FaultReach {
        get { wide ?? .itself }
        set { wide = newValue == .itself ? nil : newValue }
    }

    /// The message has its place already.
    public var headline: String { node.map { "\($0): \(message)" } ?? message }
}

extension WireError {
    /// A single fault.
    public init(_ fault: any Fault, node: String?) {
        if let error = fault as? WireError {
            self = error
            self.node = error.node ?? node
        } else {
            self.init(fault.kind, node: node, fault.headline, hint: fault.hint)
            place = fault.place
            reach = fault.reach
        }
    }

    /// Any error, by the first of its faults.
    public init(of error: any Error, node: String? = nil) {
        switch error {
        case let fault as any Fault: self.init(fault.faults.first ?? fault, node: node)
        case is CancellationError: self.init(.cancelled, node: node, "cancelled")
        default: self.init(.failed, node: node, "\(error)")
        }
    }

    /// Every single fault of an error; at least one.
    public static func all(of error: any Error, node: String? = nil) -> [WireError] {
        guard let fault = error as? any Fault, !fault.faults.isEmpty else {
            return [WireError(of: error, node: node)]
        }
        return fault.faults.map { WireError($0, node: node) }
    }

    /// The same, said of a configuration or a disk of it: in the place and before the message.
    public func within(configuration: String, disk: String? = nil) -> WireError {
        var error = self
        error.message = "\(configuration): \(disk.map { "\($0): " } ?? "")\(message)"
        error.place = at(configuration: configuration, disk: disk).place
        return error
    }

    /// The same with what its place leaves open: the node, the configuration, the disk.
    public func at(node: String? = nil, configuration: String? = nil, disk: String? = nil) -> WireError {
        var error = self
        var place = place ?? FaultPlace()
        place.node = place.node ?? node
        place.configuration = place.configuration ?? configuration
        place.disk = place.disk ?? disk
        error.place = place
        return error
    }
}
