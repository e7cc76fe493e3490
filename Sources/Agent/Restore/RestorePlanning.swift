// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import LogOutput
import Logging
import S3

/// One disk to restore: where it goes, and what is unpacked there, one dump onto the other.
struct RestoreStep: Sendable {
    let disk: RestorableDisk
    let target: RestoreTarget
    /// By level, ascending, as `disk.dumps`.
    let plans: [RestorePlan]

    /// Of tar's streams; nil where one is not known.
    var expectedBytes: Int64? {
        let known = plans.compactMap { $0.native?.byteCount }
        return known.count == plans.count ? known.reduce(0, +) : nil
    }

    /// `vertica: /data`
    var name: String { "\(disk.configuration.name): \(disk.disk)" }
}

/// Looks at everything that a restore will read before it writes anything: each volume's label, each dump's header, each
/// object's length, for every level.
struct RestorePlanning: Sendable {
    let settings: AgentSettings
    let request: JobRequest
    let order: RestoreOrder
    /// Those of the order, as this node has them.
    let configurations: [CheckedConfiguration]
    let clients: BucketClients
    let reporter: JobReporter

    private var node: String { settings.node }

    /// - Returns: the steps in the order in which they must be done, and what the run does not have.
    func plan() async throws -> (steps: [RestoreStep], missing: [RestoreReport.Disk]) {
        let logger = reporter.logger.with(["stage": "check"])
        let record = try await record()
        logger.info(
            record == nil ? "the run has no record: the catalog is asked" : "the run's record is read")
        var disks: [RestorableDisk] = []
        var missing: [RestoreReport.Disk] = []
        for configuration in order.configurations {
            let set = try await source(of: configuration, record).disks(of: configuration)
            disks += set.disks
            missing += set.missing.map { fault($0.disk, $0.reason, of: configuration) }
        }
        let targets = try disks.map { try RestoreTarget($0, order: order, settings: settings) }
        try refuseCollisions(disks, targets)
        try await runBlocking("targets") { [order, node] in
            for target in targets { try target.requireFree(overwrite: order.overwrite, node: node) }
        }
        try await requireUnchanged(disks)
        logger.info("the volumes still are the run's", metadata: ["disks": "\(disks.count)"])
        let found = try await FoundDisk.lookUp(disks, clients)
        logger.info("every object is there")
        try await ArchivedDumps(
            clients: clients, reporter: reporter, options: GlacierThaw.Options(order.thaw ?? ThawOrder())
        ).makeReadable(found)
        var steps: [RestoreStep] = []
        for (disk, target) in zip(found, targets) { steps.append(try await step(disk, target)) }
        steps = Self.outerFirst(steps)
        try await requireRoom(steps)
        return (steps, missing)
    }

    private func requireRoom(_ steps: [RestoreStep]) async throws {
        let remarks = try await runBlocking("room") { [order, node] in
            try RestoreRoom(node: node, isIgnored: order.ignoresRoom == true).check(
                try steps.compactMap { try $0.need(at: $0.place(deletes: order.delete)) })
        }
        for remark in remarks { await reporter.note(remark) }
    }

    /// This node's own record of a run whose held dumps are still here: it needs no store. Else the bucket's; nil: there is none.
    private func record() async throws -> NodeRecord? {
        if order.sourceNode == node, let kept = await reporter.record(of: request.run) {
            let held = kept.heldRecords(of: order.configurations)
            let lookup = try await HeldDumpLookup(held)
            if !held.isEmpty, held.allSatisfy({ lookup[$0] != nil }) { return kept }
        }
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(request.storage))
        return try await records.read(request.run, node: order.sourceNode)
    }

    /// The run's record; without one, or where it calls held what is held no more, Amanda's own catalog on this node.
    private func source(
        of configuration: ConfigurationChoice, _ record: NodeRecord?
    ) async throws -> any RestorableDiskSource {
        let catalog = CatalogSource(
            node: node, configurations: configurations, run: request.run, clients: clients)
        guard let record else { return catalog }
        let held = record.heldRecords(of: [configuration])
        let lookup = try await HeldDumpLookup(order.sourceNode == node ? held : [])
        let isThere = held.allSatisfy { lookup[$0] != nil }
        if !isThere, try await catalogKnows(catalog, configuration, held) { return catalog }
        return RecordSource(
            record: record,
            threads: { [configurations] in configurations.named($0.name)?.changer?.recoveryThreadCount },
            held: lookup)
    }

    /// Whether dumps that a record calls held have been sent since, and only the record was not told.
    private func catalogKnows(
        _ catalog: CatalogSource, _ configuration: ConfigurationChoice, _ held: [HeldDumpRecord]
    ) async throws -> Bool {
        do {
            let disks = try await catalog.disks(of: configuration).disks.map(\.disk)
            return held.allSatisfy { disks.contains($0.disk) }
        } catch is WireError {
            return false
        }
    }

    private func step(_ found: FoundDisk, _ target: RestoreTarget) async throws -> RestoreStep {
        var plans: [RestorePlan] = []
        for (dump, parts) in zip(found.disk.dumps, found.parts) {
            plans.append(try await enginePlan(dump, parts, of: found.disk, target))
        }
        return RestoreStep(disk: found.disk, target: target, plans: plans)
    }

    private func enginePlan(
        _ dump: RestorableDump, _ parts: [RestorePlan.Part], of disk: RestorableDisk, _ target: RestoreTarget
    ) async throws -> RestorePlan {
        guard let first = parts.first else {
            throw WireError(.damaged, node: node, "the dump of '\(disk.disk)' has no parts")
        }
        do {
            let header = try await first.volume.header(ofFile: first.fileNumber)
            try requireSame(header, dump, disk, key: first.volume.name(ofFile: first.fileNumber))
            var plan = try RestorePlan(
                header: header, parts: parts, target: target.path,
                recoveryThreadCount: disk.recoveryThreadCount)
            plan.logger = reporter.logger.with([
                "configuration": "\(disk.configuration.name)", "disk": "\(disk.disk)", "stage": "restore",
            ])
            plan.native = dump.record.native?.sum.flatMap { $0.isKnown ? $0 : nil } ?? plan.native
            plan.stored = dump.record.server?.sum.flatMap { $0.isKnown ? $0 : nil } ?? plan.stored
            try await FilterRights(configurations.named(disk.configuration.name)).grant(to: &plan)
            try await RestoreEngine().requirePresent(plan)
            return plan
        } catch let error as RestoreError {
            var wire = WireError(cause: error, node: node)
            wire.message = "\(dump.name(disk.disk)): \(wire.message)"
            if wire.kind == .damaged { wire.hint = wire.hint ?? VolumeCheck.hint }
            throw wire
        }
    }

    /// By the labels, which are never archived. Each is read once, however many dumps lie on its volume.
    private func requireUnchanged(_ disks: [RestorableDisk]) async throws {
        var seen: Set<RunVolume> = []
        for (disk, dump) in disks.flatMap({ disk in disk.dumps.map { (disk, $0) } }) {
            for volume in dump.record.volumes {
                let run = volume.run ?? dump.record.writtenRun
                guard seen.insert(RunVolume(volume: volume, run: run)).inserted else { continue }
                let check = VolumeCheck(run: run, node: node, clients: clients)
                try await check.requireUnchanged(
                    volume, of: disk.configuration.name, holding: dump.name(disk.disk))
            }
        }
    }

    private struct RunVolume: Hashable {
        let volume: VolumeRecord
        let run: Datestamp
    }

    private func requireSame(
        _ header: DumpHeader, _ dump: RestorableDump, _ disk: RestorableDisk, key: String
    ) throws(WireError) {
        guard header.datestamp == dump.run, header.disk == disk.disk, header.level == dump.level else {
            throw WireError(
                .damaged, node: node,
                "'\(key)' is the dump of '\(header.disk)' of run \(header.datestamp), level \(header.level), "
                    + "expected '\(disk.disk)' of run \(dump.run), level \(dump.level)")
        }
    }

    private func refuseCollisions(_ disks: [RestorableDisk], _ targets: [RestoreTarget]) throws {
        var owners: [String: RestorableDisk] = [:]
        for (disk, target) in zip(disks, targets) {
            if let other = owners.updateValue(disk, forKey: target.path) {
                throw WireError(
                    .configuration, node: node,
                    "'\(other.disk)' of '\(other.configuration.name)' and '\(disk.disk)' of "
                        + "'\(disk.configuration.name)' would both go to '\(target.path)'",
                    hint: "restore one configuration at a time.")
            }
        }
    }

    /// A directory before those inside it: an increment, or `--delete`, removes what its own dump does not list.
    static func outerFirst(_ steps: [RestoreStep]) -> [RestoreStep] {
        func depth(_ step: RestoreStep) -> Int {
            steps.count { $0.target.path == "/" || step.target.path.hasPrefix("\($0.target.path)/") }
        }
        return steps.enumerated().sorted { (depth($0.element), $0.offset) < (depth($1.element), $1.offset) }
            .map(\.element)
    }

    private func fault(
        _ disk: String, _ reason: String, of configuration: ConfigurationChoice
    ) -> RestoreReport.Disk {
        var fault = RestoreReport.Disk(configuration: configuration.name, disk: disk, target: "")
        fault.error = WireError(
            .damaged, node: node, "run \(request.run) has no usable dump of '\(disk)': \(reason)",
            hint: "restore this disk from another run.")
        return fault
    }
}
