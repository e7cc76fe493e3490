// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import BlockingWork

/// `amfleet node renew`: new certificates over the running connections; nobody copies a file.
public struct NodeRenewCommand: Sendable {
    let cluster: Cluster
    let nodes: [String]
    let authorityKey: String?

    /// - Parameters:
    ///   - nodes: empty: all of them.
    ///   - authorityKey: where the authority's key is, if not where `cluster.json` says.
    public init(_ cluster: Cluster, nodes: [String], authorityKey: String?) {
        self.cluster = cluster
        self.nodes = nodes
        self.authorityKey = authorityKey
    }

    /// - Throws: why no certificate can be issued. A node that fails is in the report.
    public func run() async throws -> RenewalReport {
        let selection = try Selection(cluster.file, nodes: nodes)
        try await cluster.refuseForeignAuthority()
        let authority = try await runBlocking("authority") { [file = cluster.file] in
            try RenewalAuthority(file, key: authorityKey)
        }
        let renewal = NodeRenewal(cluster: cluster, authority: authority)
        let outcomes = try await onEveryNode(selection.nodes) { try await renewal.renew($0) }
        return RenewalReport(
            cluster: cluster.settings.cluster,
            nodes: outcomes.map { outcome in
                RenewalReport.Node(node: outcome.node, identity: outcome.report).with(outcome.faults)
            })
    }
}

/// Which nodes have a new certificate, and why others have not.
public struct RenewalReport: Sendable, Encodable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        /// nil: it has none.
        public var identity: NodeIdentity?
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var cluster: String
    public var nodes: [Node]
}

extension RenewalReport: CommandReport {
    public var ending: CommandEnding {
        CommandEnding(completeNodes: nodes.count { $0.error == nil }, failures: nodes.compactMap(\.error))
    }

    public var lines: [String] {
        var table = TextTable([("NODE", .left), ("CERTIFICATE", .left), ("UNTIL", .left)])
        for node in nodes {
            guard let identity = node.identity else { continue }
            table.add([node.node, identity.serial, LocalTime(identity.notAfter).text])
        }
        let made = nodes.contains { $0.identity != nil } ? table.lines : []
        let errors = nodes.flatMap { RunText.faults($0.faults, on: $0.node) }
        return made + (made.isEmpty || errors.isEmpty ? [] : [""]) + errors
    }
}
