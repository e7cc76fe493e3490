// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import S3
import Volumes

/// Judges whether volumes still hold what a record says: reads labels, each once, and looks objects up. What lies outside the cluster's
/// bucket it asks the node.
actor VolumeJudge {
    /// Asks a record's node of what only it can look at.
    typealias NodeQuestion =
        @Sendable (_ record: NodeRecord, _ provesFiles: Bool) async throws -> NodeRestorability

    private static let width = 16

    private let bucket: ClusterBucket
    private let ask: NodeQuestion
    private var labels: [VolumeRecord: Result<FoundLabel?, WireError>] = [:]
    private let patience: Duration
    /// Nodes that will not answer another time either.
    private var silent: [String: WireError] = [:]

    /// - Parameter patience: a node that took longer to say that it does not know, because its store is away, is not asked again:
    ///   a listing of a hundred runs would wait a hundred times.
    init(
        _ bucket: ClusterBucket, patience: Duration = .seconds(10), asking ask: @escaping NodeQuestion
    ) {
        self.bucket = bucket
        self.patience = patience
        self.ask = ask
    }

    /// By the labels alone, however much lies on a volume.
    func restorability(of record: NodeRecord) async -> Restorability {
        let own = await restorabilityInBucket(of: record)
        guard own == .restorable else { return own }
        if let refusal = record.restoreRefusal { return .refused(refusal.message) }
        return await elsewhere(record, provesFiles: false)
    }

    /// The same for the volumes in the cluster's bucket alone: a restore has the node look at the others itself.
    func restorabilityInBucket(of record: NodeRecord) async -> Restorability {
        let needs = record.labelNeeds.filter { bucket.holds($0.volume) }
        for need in needs where labels[need.volume] == nil {
            labels[need.volume] = await label(of: need.volume)
        }
        return Restorability.of(needs, labels: labels)
    }

    /// Also by every object that a restore reads: present, and as long as the record says; and by the rules of the node's own
    /// restore. A node that does not answer refuses nothing: the volumes and the record are judged without it.
    nonisolated func provenRestorability(of record: NodeRecord) async -> Restorability {
        let byLabels = await restorabilityInBucket(of: record)
        guard byLabels == .restorable else { return byLabels }
        do {
            let needs = record.fileNeeds.filter { bucket.holds($0.volume) }
            let faults = try await onEvery(needs, width: Self.width) { try await self.fault(of: $0) }
            if let fault = faults.lazy.compactMap(\.self).first { return .damaged(fault) }
        } catch {
            return .unknown(WireError(of: error).message)
        }
        if let refusal = record.restoreRefusal { return .refused(refusal.message) }
        return await onNode(record)
    }

    private func onNode(_ record: NodeRecord) async -> Restorability {
        guard record.labelNeeds.allSatisfy({ bucket.holds($0.volume) }) else {
            return await elsewhere(record, provesFiles: true)
        }
        guard silent[record.node] == nil else { return .restorable }
        do {
            return try await ask(record, true).restorability
        } catch {
            silent[record.node] = WireError(of: error)
            return .restorable
        }
    }

    private nonisolated func fault(of need: FileNeed) async throws -> String? {
        do {
            return need.fault(try await bucket.proof(of: need.volume).file(need.fileNumber).stored)
        } catch {
            var error = WireError(of: error)
            error.message = "\(need.what): \(error.message)"
            throw error
        }
    }

    private func elsewhere(_ record: NodeRecord, provesFiles: Bool) async -> Restorability {
        guard let stray = record.labelNeeds.first(where: { !bucket.holds($0.volume) })?.volume else {
            return .restorable
        }
        do {
            if let error = silent[record.node] { throw error }
            let start = ContinuousClock.now
            let answer = try await ask(record, provesFiles).restorability
            if case .unknown(let reason) = answer, start.duration(to: .now) > patience {
                silent[record.node] = WireError(.failed, node: record.node, reason)
            }
            return answer
        } catch {
            let wire = WireError(of: error)
            if [.agentLost, .authentication, .unsupported].contains(wire.kind) { silent[record.node] = wire }
            let place = stray.store.map { " at \($0.endpoint ?? "AWS")" } ?? ""
            return .unknown(
                "volume '\(stray.label)' in '\(stray.place)'\(place), where only the node can look: \(wire.message)"
            )
        }
    }

    private func label(of volume: VolumeRecord) async -> Result<FoundLabel?, WireError> {
        do {
            return .success(try await bucket.volumeHeader(volume).map(FoundLabel.init))
        } catch {
            return .failure(WireError(of: error))
        }
    }
}

extension FoundLabel {
    init(_ header: VolumeHeader) {
        self.init(label: header.label, datestamp: header.datestamp?.description)
    }
}

extension Cluster {
    /// Reads the cluster's bucket with little patience, and asks the agents.
    func volumeJudge() -> VolumeJudge {
        VolumeJudge(impatientBucket) { record, provesFiles in
            let choices = record.configurations.map { ConfigurationChoice(name: $0.name, role: $0.role) }
            let place = StatusQuestion(storage: settings.storage.address, configurations: choices)
            let question = RestorabilityQuestion(place, run: record.run, provesFiles: provesFiles)
            return try await agent(record.node).restorability(question)
        }
    }
}

extension ClusterBucket {
    /// Other buckets and stores, and directories, are the nodes' own.
    func holds(_ volume: VolumeRecord) -> Bool { volume.lies(inBucketOfCluster: bucket) }
}
