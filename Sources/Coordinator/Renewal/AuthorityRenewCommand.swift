// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import FoundationEssentials
import NearestName

/// `amfleet authority renew`: a new authority, and certificates of it, for everybody, over the connections that there are.
///
/// Every node gets to know the new authority beside the old, and a certificate of the new one. When all have it, the coordinator goes
/// over too, and the old one is taken from everybody. Until then the coordinator shows its old certificate and believes both, so a
/// node that was away is reached as ever and catches up when the command is run again.
public struct AuthorityRenewCommand: Sendable {
    let cluster: Cluster
    let without: [String]
    private let rollOver: AuthorityRollOver
    private let lock: RenewalLock

    /// Does what is to be done on this machine first, so that a coordinator whose certificate holds no more can connect. Blocks.
    ///
    /// - Parameters:
    ///   - without: nodes that are not waited for.
    ///   - authorityKey: where the old authority's key is, if not where `cluster.json` says.
    public init(
        _ file: ClusterFile, without: [String], authorityKey: String?,
        _ connect: (ClusterFile) throws -> Cluster
    ) throws {
        let names = file.settings.nodes.map(\.name)
        guard !names.isEmpty else { throw CoordinatorError.noNodes(file: file.path) }
        if let unknown = without.first(where: { !names.contains($0) }) {
            throw CoordinatorError.unknownNode(unknown, nearest: nearestName(to: unknown, among: names))
        }
        lock = try RenewalLock(file)
        rollOver = try AuthorityRenewal(file: file).begin(authorityKey: authorityKey)
        self.without = without
        cluster = try connect(file)
    }

    /// Ends every connection.
    public func close() async { await cluster.close() }

    /// - Throws: what keeps this machine from going on. A node that fails is in the report, and the command can be run again.
    public func run() async throws -> AuthorityRenewalReport {
        let names = cluster.settings.nodes.map(\.name)
        let renewed = try await onEveryNode(names) { try await bring($0) }
        var report = AuthorityRenewalReport(
            cluster: cluster.settings.cluster, authority: rollOver, renewed, without)
        guard !report.isWaiting else { return report }
        try await local { try $0.goOver($1) }
        let reached = renewed.filter { $0.report != nil }.map(\.node)
        report.add(try await onEveryNode(reached) { try await forgetOld($0) })
        guard !report.isWaiting else { return report }
        let end = try await local { try $0.end($1) }
        report.end(keyPath: end.keyPath, wasElsewhere: end.wasElsewhere)
        await tellBucket()
        return report
    }

    /// The new authority beside the old, then a certificate of it.
    private func bring(_ node: String) async throws -> NodeIdentity {
        let renewal = try await renewal()
        guard let identity = try await cluster.agent(node).status().identity else {
            throw try cluster.agent(node).tooOldForIdentities
        }
        guard identity.issuer != rollOver.fingerprint else { return identity }
        return try await renewal.renew(node)
    }

    private func forgetOld(_ node: String) async throws -> NodeIdentity {
        let identity = try await renewal().believe(node)
        // The next connection shows the coordinator's new certificate to a node that believes nothing else.
        _ = try await cluster.agent(node).afresh.status()
        return identity
    }

    private func renewal() async throws -> NodeRenewal {
        let authority = try await runBlocking("authority") { [file = cluster.file] in
            try RenewalAuthority(file)
        }
        return NodeRenewal(cluster: cluster, authority: authority)
    }

    private func local<Value: Sendable>(
        _ step: @escaping @Sendable (AuthorityRenewal, AuthorityRollOver) throws -> Value
    ) async throws -> Value {
        try await runBlocking("authority") { [file = cluster.file, rollOver] in
            try step(AuthorityRenewal(file: file), rollOver)
        }
    }

    /// For a coordinator that has lost its `clusterID` one day. The next backup does it as well.
    private func tellBucket() async {
        let fresh = try? await runBlocking("cluster") { [cluster] in
            try Cluster(ClusterFile.load(cluster.file.path), console: cluster.console, logger: cluster.logger)
        }
        guard let fresh else { return }
        _ = try? await withTimeLimit(.seconds(30)) {
            try await fresh.clusterGuard(fresh.impatientBucket).claim()
        }
        await fresh.close()
    }
}
