// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// Whether what a node's record of a run names outside the cluster's bucket can still be had: in stores of the configurations' own and
/// in directories, which only the node can look into. The query of `GET /v1/restorability`; what it answers is `NodeRestorability`.
///
/// Names no place: the node takes them from its own record, and looks only where its configurations' `amanda.conf` leads.
public struct RestorabilityQuestion: Sendable, Equatable {
    /// Where the record lies, and the configurations that are asked for.
    public var place: StatusQuestion
    public var run: RunName
    /// Whether every file is looked up too, not only each volume's label.
    public var provesFiles: Bool

    public init(_ place: StatusQuestion, run: RunName, provesFiles: Bool) {
        self.place = place
        self.run = run
        self.provesFiles = provesFiles
    }

    /// The path with its query.
    public var path: String {
        place.path(AgentPaths.restorability) + "&run=\(run)&files=\(provesFiles)"
    }

    /// - Parameter items: decoded query items in their order.
    /// - Returns: nil where no bucket, no run, or neither truth is named.
    public init?(items: [(name: String, value: String)]) {
        func value(_ name: String) -> String? { items.first { $0.name == name }?.value }
        guard let place = StatusQuestion(items: items), let run = value("run").flatMap({ RunName($0) }),
            let provesFiles = value("files").flatMap({ Bool($0) })
        else { return nil }
        self.init(place, run: run, provesFiles: provesFiles)
    }
}

/// A node's word on its own volumes.
public struct NodeRestorability: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable {
        case restorable, overwritten, damaged, refused, unknown

        /// A word of a newer agent proves nothing.
        public init(from decoder: any Decoder) throws {
            self = State(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
        }
    }

    public var format: Int
    public var node: String
    public var run: RunName
    public var state: State
    /// Why it is not restorable, or why nobody knows.
    public var reason: String?
    /// Configurations whose changer lets a restore thaw what lies in the archive; nil: none, or of an older agent.
    public var thaws: [String]?

    public init(node: String, run: RunName, _ restorability: Restorability) {
        format = WireJSON.format
        self.node = node
        self.run = run
        (state, reason) =
            switch restorability {
            case .restorable: (.restorable, nil)
            case .overwritten(let reason): (.overwritten, reason)
            case .damaged(let reason): (.damaged, reason)
            case .refused(let reason): (.refused, reason)
            case .unknown(let reason): (.unknown, reason)
            }
    }

    public var restorability: Restorability {
        let reason = reason ?? "the node gives no reason"
        return switch state {
        case .restorable: .restorable
        case .overwritten: .overwritten(reason)
        case .damaged: .damaged(reason)
        case .refused: .refused(reason)
        case .unknown: .unknown(reason)
        }
    }
}
