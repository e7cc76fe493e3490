// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import FoundationEssentials

/// `amfleet node add --from` and `amfleet node replace`: nodes belong to the cluster at the addresses that somebody gives, with folders of
/// identity to copy to them.
///
/// Everything is checked before anything is written. Then, first what lies on this machine: the list of revoked certificates, each folder, each
/// line of `cluster.json`; so whatever ends it, it can be run again. The bucket and the other nodes get the list last.
public struct RosterCommand: Sendable {
    let file: ClusterFile
    let list: NodeLines
    let options: NodeRoster.Options
    let authorityKey: String?
    let forced: Bool
    private let connect: @Sendable (ClusterFile) throws -> Cluster

    /// - Parameters:
    ///   - authorityKey: where the authority's key is, if not where `cluster.json` says.
    ///   - connect: asked only where certificates are to be revoked.
    public init(
        _ file: ClusterFile, adding list: NodeLines, _ options: NodeRoster.Options, authorityKey: String?,
        connect: @escaping @Sendable (ClusterFile) throws -> Cluster
    ) {
        self.init(file, list, options, authorityKey, forced: false, connect)
    }

    /// Gives a known name to a new machine.
    ///
    /// - Throws: `CoordinatorError.unknownNode`, `.unusableName`
    public init(
        _ file: ClusterFile, replacing name: String, at address: String, _ options: NodeRoster.Options,
        authorityKey: String?, connect: @escaping @Sendable (ClusterFile) throws -> Cluster
    ) throws {
        try NodeRoster(file).requireKnown(name)
        let parsed = try NodeRoster.address(address)
        self.init(file, NodeLines(name, parsed), options, authorityKey, forced: true, connect)
    }

    private init(
        _ file: ClusterFile, _ list: NodeLines, _ options: NodeRoster.Options, _ authorityKey: String?,
        forced: Bool, _ connect: @escaping @Sendable (ClusterFile) throws -> Cluster
    ) {
        self.file = file
        self.list = list
        self.options = options
        self.authorityKey = authorityKey
        self.forced = forced
        self.connect = connect
    }

    public func run() async throws -> RosterReport {
        let plan = try await runBlocking("nodes") { try self.plan() }
        guard !plan.replaced.isEmpty else {
            return RosterReport(nodes: try await write(plan), revocation: nil)
        }
        let cluster = try await runBlocking("cluster") { try connect(file) }
        do {
            let report = try await replace(plan, cluster)
            await cluster.close()
            return report
        } catch {
            await cluster.close()
            throw error
        }
    }

    private func replace(_ plan: RosterPlan, _ cluster: Cluster) async throws -> RosterReport {
        let command = RevokeCommand(cluster, authorityKey: authorityKey)
        // Before new ones are issued: all that there are now are the predecessors'.
        let revoked = try await command.sign(nodes: plan.replaced)
        let nodes = try await write(plan)
        return RosterReport(
            nodes: nodes, revocation: try await command.spread(revoked, except: plan.replaced))
    }

    private func plan() throws -> RosterPlan {
        if let listen = options.listen { try NodeRoster.checkListen(listen) }
        _ = try file.authority(key: authorityKey)
        let (authorities, revoked) = (try file.authorities(), try RevocationKeeper(file).lists)
        let now = Int64(Date().timeIntervalSince1970)
        let issued = try file.issuedCertificates()
        return try RosterPlan(
            list, nodes: file.settings.nodes, forced: forced,
            nameFault: { NodeRoster.observerFault($0, among: issued) }
        ) { name, address, isKnown in
            let folder = NodeFolder(file, node: name)
            let settings = NodeRoster.agentSettings(name, address, cluster: file.settings.cluster, options)
            return folder.isThere
                && folder.fault(
                    of: file.settings.cluster, authorities: authorities, revoked: revoked, now: now,
                    settings: isKnown ? nil : settings) == nil
        }
    }

    /// One folder after the other; what fails is that node's. Then `cluster.json`, once. No other command of this machine does the same
    /// meanwhile: it would find folders that are half written.
    private func write(_ plan: RosterPlan) async throws -> [RosterReport.Node] {
        try await runBlocking("nodes") {
            var roster = NodeRoster(file)
            return try roster.changing { try write(plan, &$0) }
        }
    }

    private func write(_ plan: RosterPlan, _ roster: inout NodeRoster) throws -> [RosterReport.Node] {
        var nodes = plan.steps.map { step in
            var node = RosterReport.Node(step, folder: NodeFolder(file, node: step.name).path)
            do {
                node.movedAside = try roster.prepare(step, options, authorityKey: authorityKey)
            } catch {
                node.error = WireError(of: error, node: step.name)
            }
            return node
        }
        let ready = zip(plan.steps, nodes).filter { $0.1.error == nil }.map(\.0)
        let leftOut = try roster.enter(ready)
        for index in nodes.indices where leftOut.contains(nodes[index].node) {
            nodes[index].error = WireError(
                .failed, node: nodes[index].node,
                "'\(nodes[index].address)' is still the address of a node that could not be moved")
        }
        return nodes
    }
}
