// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Certificates
import Logging
import S3
import Sealing

/// What nodes have sealed, opened for a restore with the operator's recovery key. Held in memory alone.
struct OpenedSecrets: Sendable {
    /// By the node whose they are; none of one that has never sealed anything.
    var orders: [String: SecretsOrder] = [:]
    /// Why there are none of a node that has sealed some.
    var faults: [String: WireError] = [:]
    /// What an operator should read.
    var remarks: [String] = []
}

/// Opens of each node the version that a run's dumps need.
struct NodeSecretsReader: Sendable {
    private static let objectByteCountLimit = 32 << 20
    /// Versions of one node that are fetched at a time.
    private static let width = 4

    let bucket: ClusterBucket
    let cluster: String
    let clusterID: String?
    let key: RecoveryKey
    /// Whose signature counts: those of now, those before them, and those that follow from the kit's.
    let authorities: AuthorityBundle

    /// - Throws: where the key opens nothing of what is there.
    func read(_ nodes: [String], for run: RunName) async throws -> OpenedSecrets {
        let outcomes = try await onEveryNode(nodes) { node in try await open(node, for: run) }
        var opened = OpenedSecrets()
        for outcome in outcomes {
            if let error = outcome.error {
                opened.faults[outcome.node] = WireError(
                    error.kind, node: outcome.node, "its sealed secrets: \(error.message)", hint: error.hint)
            } else if let found = outcome.report.flatMap(\.self) {
                opened.orders[outcome.node] = found.order
                opened.remarks += found.remarks.map { "\(outcome.node): \($0)" }
            } else {
                opened.remarks.append("\(outcome.node): nothing of it is sealed in the bucket")
            }
        }
        // A key that fits nothing is the operator's mistake; whatever else is wrong costs its node its keys, and no disk that needs none.
        let faults = nodes.compactMap { opened.faults[$0] }
        if opened.orders.isEmpty, let fault = faults.first, faults.allSatisfy({ $0.kind == .configuration }) {
            throw fault
        }
        return opened
    }

    /// - Returns: nil where the node has never sealed anything.
    private func open(
        _ node: String, for run: RunName
    ) async throws -> (order: SecretsOrder, remarks: [String])? {
        let (record, unread) = try await recorded(node, run)
        let (listed, areAll) = try await SealedVersion.all(of: node, in: bucket)
        var search = SealedSearch(for: run, recorded: record?.version, listed: listed)
        while let version = search.next() {
            do {
                guard let bundle = try await bundle(of: node, sealedBy: version) else {
                    search.refuse(version, nil)
                    continue
                }
                var remarks = [search.remark(on: version), unread].compactMap(\.self)
                if !areAll { remarks.append(WireError.tooManyVersions(of: node, in: bucket).message) }
                if let origin = record?.unsealedCredentials { remarks.append(origin.text) }
                var order = SecretsOrder(bundle, version: version)
                // What no key was changed since is in it already, whoever can open those.
                remarks += try await add(
                    listed.filter { $0 != version && !bundle.manifest.holdsKeys(of: $0) }, of: node,
                    to: &order)
                return (order, remarks)
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                search.refuse(version, Self.naming(bucket.layout.nodeSecrets(node, version), error))
            }
        }
        if let fault = search.fault { throw fault }
        return nil
    }

    /// The keys of the node's other versions: a dump that this one builds on may have been made with them.
    ///
    /// - Returns: what an operator should know.
    private func add(
        _ others: [SealedVersion], of node: String, to order: inout SecretsOrder
    ) async throws -> [String] {
        let newest = others.sorted(by: >).prefix(SecretsOrder.otherLimit)
        let outcomes = try await onEvery(Array(newest), width: Self.width) { version in
            try await NodeOutcome(node: node) { _ in try await bundle(of: node, sealedBy: version) }
        }
        var remarks: [String] = []
        for (version, outcome) in zip(newest, outcomes) {
            if let error = outcome.error {
                remarks.append(
                    "its secrets of \(version) cannot be used (\(error.message)): dumps made with keys that only they hold "
                        + "cannot be read")
            } else if let bundle = outcome.report.flatMap(\.self), !order.add(bundle, version: version) {
                remarks.append("its secrets of \(version) and before are not sent: there are too many")
                break
            }
        }
        return remarks
    }

    /// The same with the object that it is of.
    private static func naming(_ key: String, _ error: any Error) -> WireError {
        var fault = WireError(of: error)
        if !fault.message.contains(key) { fault.message = "'\(key)': \(fault.message)" }
        return fault
    }

    /// Which version the run's record names. Where there is no record, as of a run of stock Amanda's, the listing tells enough; the same
    /// goes for one that is damaged or that nobody may read, and then it is said.
    ///
    /// - Throws: where the store does not answer: that is no word of what it has.
    private func recorded(
        _ node: String, _ run: RunName
    ) async throws -> (record: SealedRecord?, remark: String?) {
        let fault: any Fault
        do {
            let secrets = try await bucket.nodeRecord(run, node: node)?.secrets
            // A record names its own node's versions, and nothing else.
            let own = secrets.flatMap { secrets in
                SealedVersion(key: secrets.key, in: bucket.layout.nodeFolder(node)).map { _ in secrets }
            }
            return (own, nil)
        } catch let error as S3Error where error.isLasting {
            fault = error
        } catch let error as WireJSONError {
            fault = error
        } catch let error as ForeignRecord {
            fault = error
        }
        return (nil, "which of its sealed versions run \(run) names could not be read: \(fault.facts)")
    }

    /// - Returns: nil where there is no such object.
    /// - Throws: also where somebody else than the node has signed it.
    private func bundle(of node: String, sealedBy version: SealedVersion) async throws -> SealedBundle? {
        let object = bucket.layout.nodeSecrets(node, version)
        guard let found = try await bucket.object(object, limit: Self.objectByteCountLimit) else {
            return nil
        }
        return try await runBlocking("open secrets") { [self] in
            let opened = try SealedBundle.open(found.bytes, with: key)
            try SealedExpectation(
                owner: PeerName(cluster: cluster, role: .node(node)), authorities: authorities,
                clusterID: clusterID
            ).check(opened, at: object)
            return opened.bundle
        }
    }
}

extension NodeSecretsReader {
    private static let authorityByteCountLimit = 1 << 16
    private static let authorityLimit = 64

    /// - Throws: where the key cannot be had, or its kit is another cluster's.
    init(_ cluster: Cluster, _ file: RecoveryKeyFile) async throws {
        let opened = try await file.open()
        let settings = cluster.settings
        if let kit = opened.kit, kit.cluster != settings.cluster {
            throw RecoveryError.otherCluster(
                what: "cluster.json", found: "'\(settings.cluster)'", expected: "'\(kit.cluster)'")
        }
        var believed = try await runBlocking("authorities") { [file = cluster.file] in
            try file.believedAuthorities()
        }
        if let kit = opened.kit {
            believed = try await Self.believed(kit.authorities, besides: believed, cluster)
        }
        self.init(
            bucket: cluster.impatientBucket, cluster: settings.cluster, clusterID: settings.clusterID,
            key: opened.key, authorities: believed)
    }

    /// With the authorities that are kept in the bucket, as far as the kit's lead to them.
    private static func believed(
        _ pins: [String], besides own: AuthorityBundle, _ cluster: Cluster
    ) async throws -> AuthorityBundle {
        let bucket = cluster.impatientBucket
        var candidates = own.authorities
        do {
            let kept = try await bucket.client.list(prefix: bucket.layout.authorities, limit: authorityLimit)
            for object in kept.objects {
                guard let found = try await bucket.object(object.key, limit: authorityByteCountLimit),
                    let bundle = try? AuthorityBundle(
                        pem: String(decoding: found.bytes, as: UTF8.self), source: "'\(object.key)'")
                else { continue }
                candidates += bundle.authorities.filter { !candidates.contains($0) }
            }
        } catch {
            // Those of this machine are enough for whatever was signed since it has them.
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            cluster.logger.info(
                "the authorities in the bucket cannot be had", metadata: ["reason": "\(error)"])
        }
        guard
            let pinned = try PinnedAuthorities.believed(
                pins, among: candidates, cluster: cluster.settings.cluster)
        else { return own }
        let others = pinned.authorities.filter { !own.authorities.contains($0) }
        guard !others.isEmpty else { return own }
        return try AuthorityBundle(
            pem: own.pem() + others.map { try $0.pem() }.joined(), source: "the cluster's authorities")
    }
}
