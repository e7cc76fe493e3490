// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// How far the new authority has come, node by node.
public struct AuthorityRenewalReport: Sendable, Encodable {
    public enum State: String, Sendable, Encodable {
        /// Believes the new authority alone, and has its certificate.
        case done
        /// Has the new authority's certificate; believes the old one too.
        case renewed
        /// Has nothing new, or not all of it: it is waited for.
        case waiting
        /// The same, and not waited for (`--without`).
        case leftOut
    }

    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        public var state: State
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var cluster: String
    /// Fingerprint of the new authority.
    public var authority: String
    public var nodes: [Node]
    /// The old authority is gone, and the coordinator has a certificate of the new one.
    public var isDone = false
    /// Where the new authority's key is, once it is done.
    public var keyPath: String?
    /// The old key was kept somewhere else.
    public var keyWasElsewhere = false

    init(
        cluster: String, authority: AuthorityRollOver, _ outcomes: [NodeOutcome<NodeIdentity>],
        _ without: [String]
    ) {
        self.cluster = cluster
        self.authority = authority.fingerprint
        nodes = outcomes.map { outcome in
            let state: State =
                outcome.report != nil ? .renewed : without.contains(outcome.node) ? .leftOut : .waiting
            return Node(node: outcome.node, state: state).with(outcome.faults)
        }
    }

    var isWaiting: Bool { nodes.contains { $0.state == .waiting } }

    mutating func add(_ outcomes: [NodeOutcome<NodeIdentity>], _ without: [String]) {
        for outcome in outcomes {
            guard let index = nodes.firstIndex(where: { $0.node == outcome.node }) else { continue }
            let state: State =
                outcome.report != nil ? .done : without.contains(outcome.node) ? .leftOut : .waiting
            nodes[index] = Node(node: outcome.node, state: state).with(outcome.faults)
        }
    }

    mutating func end(keyPath: String, wasElsewhere: Bool) {
        (isDone, self.keyPath, keyWasElsewhere) = (true, keyPath, wasElsewhere)
    }
}

extension AuthorityRenewalReport: CommandReport {
    public var ending: CommandEnding {
        let failures = nodes.filter { $0.state == .waiting }.map(\.error)
        return CommandEnding(completeNodes: nodes.count - failures.count, failures: failures)
    }

    public var lines: [String] {
        var table = TextTable([("NODE", .left), ("STATE", .left)])
        for node in nodes { table.add([node.node, Self.text(node.state)]) }
        let errors = nodes.flatMap { RunText.faults($0.faults, on: $0.node) }
        return table.lines + (errors.isEmpty ? [] : [""] + errors) + [""] + verdict
    }

    private var verdict: [String] {
        let waiting = nodes.filter { $0.state == .waiting }.map(\.node)
        guard isDone else {
            let again = Self.without(nodes.filter { $0.state == .leftOut }.map(\.node))
            return [
                "the old authority stays until every node has the new one; not yet: \(waiting.joined(separator: ", "))",
                "next: '\((["amfleet authority renew"] + again).joined(separator: " "))' again when they answer, or with "
                    + Self.without(waiting).joined(separator: " ") + " besides to end it without them",
            ]
        }
        let key = keyPath ?? ""
        let leftOut = nodes.filter { $0.state == .leftOut }.map {
            "\($0.node) was left out: 'amfleet node renew \($0.node) --folder DIRECTORY' writes what is to be copied to it"
        }
        return [
            "the old authority is gone; the new one's key is \(key): keep a copy of it and of ca.pem elsewhere"
        ]
            + (keyWasElsewhere
                ? ["the old key was kept elsewhere: take \(key) there, and remove it here"] : [])
            + leftOut
    }

    private static func without(_ nodes: [String]) -> [String] { nodes.map { "--without \($0)" } }

    private static func text(_ state: State) -> String {
        switch state {
        case .done: "has the new authority alone"
        case .renewed: "has the new authority's certificate, believes both"
        case .waiting: "waited for"
        case .leftOut: "left out"
        }
    }
}
