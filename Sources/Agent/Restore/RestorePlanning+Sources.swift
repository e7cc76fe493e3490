// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import S3

/// Who says what a run has: its record; without one this node's own catalog; and where that knows nothing either, the labels and
/// headers of the volumes.
extension RestorePlanning {
    /// This node's own record of a run whose held dumps are still here: it needs no store. Else the bucket's; nil: there is none that
    /// could be read.
    func record() async throws -> NodeRecord? {
        if isByHeaders { return nil }
        if order.sourceNode == node, let kept = await ownRecord(run) {
            let held = kept.heldRecords(of: order.configurations)
            let lookup = try await HeldDumpLookup(held)
            if !held.isEmpty, held.allSatisfy({ lookup[$0] != nil }) { return kept }
        }
        do {
            guard let record = try await records.read(run, node: order.sourceNode) else {
                await say("run \(run) has no record of node '\(order.sourceNode)' in the bucket")
                return nil
            }
            guard record.node == order.sourceNode, record.run == run else {
                await say(
                    "the record of run \(run) of node '\(order.sourceNode)' is of run \(record.run) of '\(record.node)': "
                        + "it does not count")
                return nil
            }
            return record
        } catch let error as WireJSONError {
            await say("\(error.facts): it does not count")
            return nil
        }
    }

    /// What the run has of a configuration.
    ///
    /// - Throws: `WireError` where nobody knows of it.
    func set(of configuration: ConfigurationChoice, _ record: NodeRecord?) async throws -> RestorableSet {
        if let substitute, substitute.configuration == configuration { return substitute.set }
        do {
            if let record {
                return try await source(of: configuration, record).disks(of: configuration)
            }
            return try await unrecorded(configuration)
        } catch let error as WireError where mayReplace(configuration) {
            throw LostSelfBackup(reason: error)
        }
    }

    private func unrecorded(_ configuration: ConfigurationChoice) async throws -> RestorableSet {
        let headers: () async throws -> RestorableSet = {
            try await headerSource(of: configuration, survey(of: configuration)).disks(of: configuration)
        }
        if isByHeaders { return try await headers() }
        // Runs have the same name on every node: this one's catalog knows nothing of another's.
        guard order.sourceNode == node else { return try await saying(configuration, headers) }
        do {
            return try await catalog.disks(of: configuration)
        } catch let unknown as WireError where !unknown.concernsWholeStore {
            do {
                return try await saying(configuration, headers)
            } catch let error as WireError {
                var error = error
                error.message = "\(unknown.message); \(error.message)"
                throw error
            }
        }
    }

    private func saying(
        _ configuration: ConfigurationChoice, _ headers: () async throws -> RestorableSet
    ) async throws -> RestorableSet {
        let set = try await headers()
        await say(
            "what run \(run) has of configuration '\(configuration.name)' is taken from the labels and headers of its "
                + "volumes alone")
        return set
    }

    private var catalog: CatalogSource {
        CatalogSource(node: node, configurations: configurations, run: run, clients: clients)
    }

    /// The run's record; where it calls held what is held no more, Amanda's own catalog on this node.
    private func source(
        of configuration: ConfigurationChoice, _ record: NodeRecord
    ) async throws -> any RestorableDiskSource {
        let held = record.heldRecords(of: [configuration])
        let loaded = try? configurations.named(configuration.name)?.loaded.get()
        let lookup = try await HeldDumpLookup(
            order.sourceNode == node ? held : [],
            within: loaded?.configuration.holdingDisks.map(\.directory))
        let isThere = held.allSatisfy { lookup[$0] != nil }
        if !isThere, order.sourceNode == node, try await catalogKnows(configuration, held) { return catalog }
        return RecordSource(
            record: record,
            threads: { [configurations] in configurations.named($0.name)?.changer?.recoveryThreadCount },
            held: lookup,
            otherRecord: { [records, order] in
                do {
                    return try await records.read($0, node: order.sourceNode)
                } catch is WireJSONError {
                    return nil
                }
            })
    }

    /// Whether dumps that a record calls held have been sent since, and only the record was not told.
    private func catalogKnows(
        _ configuration: ConfigurationChoice, _ held: [HeldDumpRecord]
    ) async throws -> Bool {
        do {
            let disks = try await catalog.disks(of: configuration).disks.map(\.disk)
            return held.allSatisfy { disks.contains($0.disk) }
        } catch is WireError {
            return false
        }
    }
}
