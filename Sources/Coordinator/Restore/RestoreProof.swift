// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

/// Whether the data of single nodes of a run can be had, as far as records and labels tell from here.
struct RestoreProof: Sendable {
    let manifest: RunManifest
    /// What is wanted of it.
    let configurations: [ConfigurationChoice]
    let cluster: Cluster
    let volumes: VolumeJudge
    let replacesSelfBackup: Bool
    /// The operator wants this run: what a volume without a label costs, the nodes say disk by disk.
    let isNamed: Bool

    private var run: RunName { manifest.run }

    /// What a node has of the run.
    struct Proved: Sendable {
        /// Of what is wanted; nil: only the node knows.
        var recoveryPoints: NodeRecoveryPoints?
        var suspects: [WireError] = []
        var disks: Set<String>?
        var dumped: Set<String>?
        /// Why nobody knows whether it is there.
        var unknown: WireError?
        var remarks: [String] = []
    }

    /// - Parameters:
    ///   - node: the machine that is restored.
    ///   - source: whose data it gets.
    /// - Throws: why they cannot be had.
    func prove(_ node: String, with source: String) async throws -> Proved {
        let found: NodeRecord?
        var damage: String?
        do {
            found = try await cluster.impatientBucket.nodeRecord(run, node: source)
        } catch let error as WireJSONError where isNamed {
            (found, damage) = (nil, error.facts)
        } catch let error as ForeignRecord {
            (found, damage) = (nil, "it is of run \(error.run) of '\(error.node)'")
        } catch {
            try Task.checkCancellation()
            return Proved(unknown: WireError(of: error).said(by: node))
        }
        guard let record = found else { return try unrecorded(node, source, damage) }
        if source != node, let fault = foreignVolume(record, source) { throw fault.said(by: node) }
        return try await prove(node, source, record)
    }

    /// A node without its store keeps its record, and its dumps: it says itself whether they are still there. And what its catalog or
    /// its volumes still tell of the run is the node's to find.
    private func unrecorded(_ node: String, _ source: String, _ damage: String?) throws(WireError) -> Proved {
        let state = manifest.nodes.first { $0.node == source }?.state
        if state == .held { return Proved() }
        let whose = source == node ? "this node" : "node '\(source)'"
        guard state?.isStored == true else {
            throw WireError(.failed, node: node, "run \(run) has no record of \(whose)")
        }
        let what =
            damage.map { "the record of \(whose) of run \(run) does not count (\($0))" }
            ?? "the record of \(whose) of run \(run) is gone from the bucket"
        let places = source == node ? "its catalog, and then " : ""
        return Proved(remarks: ["\(what): the node looks into \(places)the headers of the volumes"])
    }

    private func prove(_ node: String, _ source: String, _ record: NodeRecord) async throws -> Proved {
        var remarks: [String] = []
        var counted = configurations
        if let fault = NodeJudgement.fault(of: record, node: source, run: run, asked: counted) {
            guard let data = withoutSelfBackup,
                NodeJudgement.fault(of: record, node: source, run: run, asked: data) == nil
            else {
                throw WireError(
                    .failed, node: node, "run \(run) is not complete on this node: \(fault.message)",
                    hint: "choose another with --run, or only what is complete with --configuration.")
            }
            counted = data
            remarks.append(replaced(fault.message))
        }
        var wanted = record
        wanted.configurations = record.configurations.filter { record in
            configurations.contains { $0.name == record.name }
        }
        var proved = Proved(
            recoveryPoints: NodeRecoveryPoints(wanted),
            suspects: wanted.suspectDumps.map { configuration, dump in
                WireError(suspect: dump, of: configuration, run: run, node: node)
            }, disks: Set(wanted.configurations.flatMap(\.dumps).map(\.disk)),
            dumped: Set(wanted.configurations.flatMap(\.dumps).filter(\.status.isUsable).map(\.disk)))
        var outlook = await volumes.restorabilityInBucket(of: of(counted, wanted))
        if outlook != .restorable, counted == configurations, let data = withoutSelfBackup,
            await volumes.restorabilityInBucket(of: of(data, wanted)) == .restorable
        {
            remarks.append(replaced(outlook.reason))
            outlook = .restorable
        }
        if outlook != .restorable, isNamed, let gone = await goneLabels(of(counted, wanted)) {
            remarks += gone
            outlook = .restorable
        }
        switch outlook {
        case .restorable:
            proved.remarks = remarks
            return proved
        case .overwritten(let reason):
            throw WireError(.damaged, node: node, "run \(run) was overwritten: \(reason)")
        case .refused(let reason):
            throw WireError(.configuration, node: node, "run \(run) cannot be restored: \(reason)")
        case .damaged(let reason):
            throw WireError(.damaged, node: node, "run \(run) is damaged: \(reason)")
        case .unknown(let reason):
            return Proved(
                unknown: WireError(
                    .storageUnreachable, node: node,
                    "whether run \(run) is still there is unknown: \(reason)"))
        }
    }

    /// Volumes of which nothing but the label is known to be missing, where others of the record's are whole.
    ///
    /// - Returns: a remark for each; nil: something else is wrong, or nothing is left.
    private func goneLabels(_ record: NodeRecord) async -> [String]? {
        let needs = record.labelNeeds.filter { $0.volume.lies(inBucketOfCluster: cluster.bucket.bucket) }
        var labels: [VolumeRecord: Result<FoundLabel?, WireError>] = [:]
        for need in needs where labels[need.volume] == nil {
            labels[need.volume] = await volumes.label(of: need.volume)
        }
        func isGone(_ volume: VolumeRecord) -> Bool {
            if case .success(nil)? = labels[volume] { true } else { false }
        }
        let left = needs.filter { !isGone($0.volume) }
        guard !left.isEmpty, Restorability.of(left, labels: labels) == .restorable else { return nil }
        let gone = Set(needs.map(\.volume).filter(isGone))
        return gone.sorted { $0.label < $1.label }.map {
            "volume '\($0.label)' has no label any more in '\($0.place)': what needs it does not come back"
        }
    }

    /// Nil: nothing is left then, or nothing may be taken in its place.
    private var withoutSelfBackup: [ConfigurationChoice]? {
        let data = configurations.filter { $0.role == .data }
        return replacesSelfBackup && !data.isEmpty && data.count < configurations.count ? data : nil
    }

    private func of(_ choices: [ConfigurationChoice], _ record: NodeRecord) -> NodeRecord {
        var record = record
        record.configurations.removeAll { configuration in
            !choices.contains { $0.name == configuration.name }
        }
        return record
    }

    private func replaced(_ reason: String) -> String {
        "the self-backup of run \(run) does not come back (\(reason)): the node takes the newest that is whole"
    }

    /// Data that go to another machine must be the node's whose name was given: its record names no other node's volumes.
    private func foreignVolume(_ record: NodeRecord, _ source: String) -> WireError? {
        let layout = cluster.bucket.layout
        let others = Set(cluster.settings.nodes.map(\.name) + manifest.nodes.map(\.node)).subtracting([source]
        )
        let volumes = record.labelNeeds.map(\.volume).filter {
            $0.lies(inBucketOfCluster: cluster.bucket.bucket)
        }
        for volume in volumes {
            guard let owner = others.first(where: { volume.prefix.hasPrefix(layout.node($0)) }) else {
                continue
            }
            return WireError(
                .damaged, node: source,
                "the record of run \(run) of node '\(source)' names volume '\(volume.label)' in '\(volume.place)', which is "
                    + "node '\(owner)''s: nothing of it is restored",
                hint: "look who wrote that record, and restore an older run.")
        }
        return nil
    }
}

extension Restorability {
    fileprivate var reason: String {
        switch self {
        case .restorable: ""
        case .overwritten(let reason), .damaged(let reason), .refused(let reason), .unknown(let reason):
            reason
        }
    }
}
