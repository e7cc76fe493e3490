// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Descriptors
import FoundationEssentials
import HTTPTransport
public import Logging
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

    public struct Options: Sendable {
        /// Nodes that are not waited for.
        public var without: [String]
        /// Where the old authority's key is, if not where `cluster.json` says.
        public var authorityKey: String?
        /// Also where another coordinator has begun to replace the authority.
        public var takesOver: Bool
        /// Whether the bucket is asked for another coordinator that does the same.
        public var isClaimed: Bool

        public init(
            without: [String] = [], authorityKey: String? = nil, takesOver: Bool = false,
            isClaimed: Bool = true
        ) {
            self.without = without
            self.authorityKey = authorityKey
            self.takesOver = takesOver
            self.isClaimed = isClaimed
        }
    }

    /// Does what is to be done on this machine first, so that a coordinator whose certificate holds no more can connect; and before
    /// that it claims the authority's place in the bucket.
    ///
    /// - Throws: `CoordinatorError.authorityClaimed`, and nothing has changed.
    public init(
        _ file: ClusterFile, _ options: Options, logger: Logger,
        _ connect: @escaping @Sendable (ClusterFile) throws -> Cluster
    ) async throws {
        let names = file.settings.nodes.map(\.name)
        guard !names.isEmpty else { throw CoordinatorError.noNodes(file: file.path) }
        if let unknown = options.without.first(where: { !names.contains($0) }) {
            throw CoordinatorError.unknownNode(unknown, nearest: nearestName(to: unknown, among: names))
        }
        let renewal = AuthorityRenewal(file: file)
        let (lock, prepared) = try await runBlocking("authority") {
            let lock = try RenewalLock(file)
            return (lock, try renewal.make(authorityKey: options.authorityKey))
        }
        if options.isClaimed {
            do {
                try await Self.claim(prepared, renewal, options, logger)
            } catch let error as CoordinatorError {
                // Where the store does not say whether it is ours, it is asked of the same one the next time.
                try await runBlocking("authority") { try prepared.withdraw() }
                throw error
            }
        }
        (rollOver, cluster) = try await runBlocking("authority") {
            (try renewal.believe(prepared), try connect(file))
        }
        (self.lock, without) = (lock, options.without)
    }

    private static func claim(
        _ rollOver: AuthorityRollOver, _ renewal: AuthorityRenewal, _ options: Options, _ logger: Logger
    ) async throws {
        guard let old = try await runBlocking("authority", { try renewal.old(rollOver) }) else { return }
        let settings = renewal.file.settings
        let transport = try HTTPTransport(connectionCount: 4, descriptorCount: DescriptorLimit.current - 64)
        do {
            let store = try CoordinatorStore(
                settings.storage, resolve: renewal.file.resolve, transport: transport, logger: logger)
            try await AuthorityClaiming(bucket: store.impatientBucket).claim(
                rollOver, over: old, cluster: settings.cluster, takesOver: options.takesOver)
            await transport.shutdown()
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// Ends every connection.
    public func close() async { await cluster.close() }

    /// - Throws: what keeps this machine from going on. A node that fails is in the report, and the command can be run again.
    public func run() async throws -> AuthorityRenewalReport {
        let names = cluster.settings.nodes.map(\.name)
        // Were this machine lost from here on, nobody else would have what the nodes believe.
        try await sealCoordinator()
        let renewed = try await onEveryNode(names) { try await bring($0) }
        var report = AuthorityRenewalReport(
            cluster: cluster.settings.cluster, authority: rollOver, renewed, without)
        guard !report.isWaiting else { return report }
        try await local { try $0.goOver($1) }
        try await sealCoordinator()
        let reached = renewed.filter { $0.report != nil }.map(\.node)
        report.add(try await onEveryNode(reached) { try await forgetOld($0) }, without)
        guard !report.isWaiting else { return report }
        let end = try await local { try $0.end($1) }
        report.end(keyPath: end.keyPath, wasElsewhere: end.wasElsewhere)
        await tellBucket()
        return report
    }

    /// What there is of both authorities, and whom the coordinator's own certificate is of, must outlive this machine.
    ///
    /// - Throws: `RecoveryError.sealedByAnother`: then it would not.
    private func sealCoordinator() async throws {
        for remark in try await cluster.sealCoordinator(isNeeded: true) {
            cluster.console.say(remark.description)
        }
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
        // One whose certificate is the old one's again has to keep it: the old authority must not end over it.
        guard Set(identity.authorities) == [rollOver.fingerprint] else {
            throw WireError(
                .failed, node: node, "it believes the old authority still", hint: "run it again.")
        }
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
        for remark in (try? await fresh.sealCoordinator()) ?? [] { cluster.console.say(remark.description) }
        await fresh.close()
    }
}
