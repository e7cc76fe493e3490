// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A cluster before a store that answers as AWS does, in which the coordinator and each node may do what the documented policies allow.
struct PolicedCluster: Sendable {
    /// The one node whose volumes go to the archive.
    static let archiver = "node01"
    static let vertica = ConfigurationPlan(name: "vertica", blockSize: "5 megabytes", tapecycle: 2)

    let cluster: TestCluster
    let gate: PolicyGate
    let policies: DocumentedPolicies

    var node: ClusterNode { cluster.nodes[0] }
    var proxy: FaultyProxy {
        get throws {
            guard let proxy = cluster.store.proxy else { throw CommandError.never("a gate", .zero) }
            return proxy
        }
    }

    /// Founds it, configures `plans` of each node and starts the agents; nothing is backed up.
    static func make(
        _ missingKeys: PolicyGate.MissingKeys, nodes: [String], configurations: [String],
        _ plans: (ClusterNode) -> [ConfigurationPlan]
    ) async throws -> PolicedCluster {
        let gate = PolicyGate(missingKeys: missingKeys, keepsLifecycle: true)
        let policies = try DocumentedPolicies()
        try Self.set(policies, at: gate, nodes)
        let cluster = try await TestCluster(
            nodes: nodes, configurations: configurations, gate: gate)
        do {
            for node in cluster.nodes {
                try await SourceTree.make("\(node.data)/tree")
                try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 6, randomMebibytes: 6)
                try await script(
                    "install -d -o backup -g backup -m 770 \"$1\"", ["\(node.directory)/holding"])
                try await cluster.configure(plans(node), on: [node])
            }
            try await cluster.startAgents()
        } catch {
            await cluster.remove()
            throw error
        }
        return PolicedCluster(cluster: cluster, gate: gate, policies: policies)
    }

    private static func set(_ policies: DocumentedPolicies, at gate: PolicyGate, _ nodes: [String]) throws {
        gate.set(
            try policies.ofCoordinator(), of: ClusterStore.accessKey(of: "coordinator"), named: "coordinator")
        for node in nodes {
            gate.set(
                try policies.ofNode(node, archives: node == archiver), of: ClusterStore.accessKey(of: node),
                named: node)
        }
    }

    /// Everybody may do again what the documents say.
    func giveBack() throws { try Self.set(policies, at: gate, cluster.nodes.map(\.name)) }

    func policy(of name: String) throws -> IAMPolicy {
        try name == "coordinator"
            ? policies.ofCoordinator() : policies.ofNode(name, archives: name == Self.archiver)
    }

    func takeAway(_ permission: Permission, from name: String) throws {
        gate.set(
            try policy(of: name).without(permission), of: ClusterStore.accessKey(of: name), named: name)
    }

    /// The AWS command line with a node's own keys.
    func aws(as name: String, _ arguments: [String]) async throws -> CommandResult {
        try await command(
            [Machine.path(of: "aws")] + arguments,
            environment: cluster.store.environment.merging([
                "AWS_ACCESS_KEY_ID": cluster.store.accessKey(of: name),
                "AWS_SECRET_ACCESS_KEY": cluster.store.secretKey(of: name),
                "AWS_ENDPOINT_URL": cluster.store.endpoint,
            ]) { $1 })
    }

    func remove() async { await cluster.remove() }
}
