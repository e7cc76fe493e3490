// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import S3
import Volumes

/// Judges whether volumes still hold what a record says: reads labels, each once however many ask at the same time, and looks objects
/// up. What lies outside the cluster's bucket it asks the node.
actor VolumeJudge {
    /// Asks a record's node of what only it can look at.
    typealias NodeQuestion =
        @Sendable (_ record: NodeRecord, _ provesFiles: Bool) async throws -> NodeRestorability

    private static let width = 16

    private let bucket: ClusterBucket
    private let ask: NodeQuestion
    private let labels = AskedOnce<VolumeRecord, Result<FoundLabel?, WireError>>()
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
        return await elsewhere(record, provesFiles: false).restorability
    }

    /// The same for the volumes in the cluster's bucket alone: a restore has the node look at the others itself.
    nonisolated func restorabilityInBucket(of record: NodeRecord) async -> Restorability {
        let needs = record.labelNeeds.filter { bucket.holds($0.volume) }
        var found: [VolumeRecord: Result<FoundLabel?, WireError>] = [:]
        for need in needs where found[need.volume] == nil {
            let label = await label(of: need.volume)
            found[need.volume] = label
            // The first that is lost says enough.
            let outlook = Restorability.of([need], labels: found)
            if case .overwritten = outlook { return outlook }
        }
        return Restorability.of(needs, labels: found)
    }

    /// Whether the volume bears the run, as its label says; nil: nobody can tell from here.
    nonisolated func bears(_ volume: VolumeRecord, _ run: RunName) async -> Bool? {
        guard bucket.holds(volume), case .success(let found) = await label(of: volume) else { return nil }
        return found?.label == volume.label && found?.datestamp == run.digits
    }

    /// What lies where a volume of the cluster's bucket was; nil inside: nothing.
    nonisolated func label(of volume: VolumeRecord) async -> Result<FoundLabel?, WireError> {
        var place = volume
        // Two runs of one volume are two records of it, and one label.
        (place.run, place.label) = (nil, "")
        do {
            return try await labels.value(place) { [bucket] in
                do {
                    return .success(try await bucket.volumeHeader(volume).map(FoundLabel.init))
                } catch {
                    try Task.checkCancellation()
                    return .failure(WireError(of: error))
                }
            }
        } catch {
            return .failure(WireError(of: error))
        }
    }

    /// Also by what a listing shows of the files that a restore reads in the cluster's bucket: a request a thousand objects of a volume.
    nonisolated func restorabilityAsListed(of record: NodeRecord) async -> Restorability {
        let byLabels = await restorability(of: record)
        guard byLabels == .restorable else { return byLabels }
        let needs = record.fileNeeds.filter { bucket.holds($0.volume) }
        do {
            let slots = try await onEvery(Array(Set(needs.map(\.volume))), width: Self.width) { volume in
                (volume, try await self.bucket.proof(of: volume).listed())
            }
            let listed = Dictionary(slots) { first, _ in first }
            for need in needs {
                guard let fault = listed[need.volume].flatMap({ need.fault($0.file(need.fileNumber)) }) else {
                    continue
                }
                return .damaged(fault)
            }
            return .restorable
        } catch {
            return .unknown(WireError(of: error).message)
        }
    }

    /// Also by every object that a restore reads: present, as long as the record says, with the checksum that it says where the store
    /// keeps one, and not in the archive for good; and by the rules of the node's own restore. A node that does not answer refuses
    /// nothing: the volumes and the record are judged without it.
    nonisolated func provenRestorability(of record: NodeRecord) async -> ProvenRestorability {
        let byLabels = await restorabilityInBucket(of: record)
        guard byLabels == .restorable else { return ProvenRestorability(byLabels) }
        do {
            let objects = try await objects(of: record)
            if let fault = objects.fault { return ProvenRestorability(.damaged(fault)) }
            if let refusal = record.restoreRefusal { return ProvenRestorability(.refused(refusal.message)) }
            let answer = await onNode(record)
            let thawed = record.thawedConfigurations.union(answer.thaws ?? [])
            let proven = try await ProvenRestorability(objects, thawing: thawed)
            // Of a header that cannot be read the node knows less than that it lies in the archive.
            guard proven.restorability == .restorable else { return proven }
            return answer.restorability == .restorable ? proven : ProvenRestorability(answer.restorability)
        } catch {
            return ProvenRestorability(.unknown(WireError(of: error).message))
        }
    }

    /// The same without asking the node of anything, by the objects of the cluster's bucket alone.
    nonisolated func provenInBucket(_ record: NodeRecord) async -> Restorability {
        let byLabels = await restorabilityInBucket(of: record)
        guard byLabels == .restorable else { return byLabels }
        do {
            let objects = try await objects(of: record)
            if let fault = objects.fault { return .damaged(fault) }
            return try await ProvenRestorability(objects, thawing: record.thawedConfigurations).restorability
        } catch {
            return .unknown(WireError(of: error).message)
        }
    }

    private nonisolated func objects(of record: NodeRecord) async throws -> FoundObjects {
        let needs = record.fileNeeds.filter { bucket.holds($0.volume) }
        return FoundObjects(try await onEvery(needs, width: Self.width) { try await self.file($0) })
    }

    private nonisolated func file(_ need: FileNeed) async throws -> FoundObjects.File {
        do {
            return FoundObjects.File(need, try await bucket.proof(of: need.volume).file(need.fileNumber))
        } catch {
            var error = WireError(of: error)
            error.message = "\(need.what): \(error.message)"
            throw error
        }
    }

    private func onNode(_ record: NodeRecord) async -> NodeRestorability {
        let none = NodeRestorability(node: record.node, run: record.run, .restorable)
        guard record.labelNeeds.allSatisfy({ bucket.holds($0.volume) }) else {
            return await elsewhere(record, provesFiles: true)
        }
        guard silent[record.node] == nil else { return none }
        do {
            return try await ask(record, true)
        } catch {
            silent[record.node] = WireError(of: error)
            return none
        }
    }

    private func elsewhere(_ record: NodeRecord, provesFiles: Bool) async -> NodeRestorability {
        func said(_ restorability: Restorability) -> NodeRestorability {
            NodeRestorability(node: record.node, run: record.run, restorability)
        }
        guard let stray = record.labelNeeds.first(where: { !bucket.holds($0.volume) })?.volume else {
            return said(.restorable)
        }
        do {
            if let error = silent[record.node] { throw error }
            let start = ContinuousClock.now
            let answer = try await ask(record, provesFiles)
            if case .unknown(let reason) = answer.restorability, start.duration(to: .now) > patience {
                silent[record.node] = WireError(.failed, node: record.node, reason)
            }
            return answer
        } catch {
            let wire = WireError(of: error)
            if [.agentLost, .authentication, .unsupported].contains(wire.kind) { silent[record.node] = wire }
            let place = stray.store.map { " at \($0.endpoint ?? "AWS")" } ?? ""
            return said(
                .unknown(
                    "volume '\(stray.label)' in '\(stray.place)'\(place), where only the node can look: \(wire.message)"
                ))
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
