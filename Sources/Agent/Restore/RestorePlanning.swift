// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import LogOutput
import Logging
import S3

/// One disk to restore: where it goes, and what is unpacked there, one dump onto the other.
struct RestoreStep: Sendable {
    let disk: RestorableDisk
    let target: RestoreTarget
    /// By level, ascending, as `disk.dumps`.
    let plans: [RestorePlan]
    /// Names that the disk's older dumps bring and its newest no more: no archive says that they are gone.
    var deletedNames = DeletedNames()
    /// nil: the disk is all of its directory.
    var part: DirectoryPart?
    /// What the report says of that.
    var notes: [String] = []
    /// Why nothing of it is unpacked, and there are no plans; its directory stays as it is.
    var fault: WireError?

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
    let run: RunName
    let order: RestoreOrder
    /// Those of the order, as this node has them.
    let configurations: [CheckedConfiguration]
    let clients: BucketClients
    let records: NodeRecordStore
    /// This node's own record of a run, as long as its job is kept.
    let ownRecord: @Sendable (RunName) async -> NodeRecord?
    /// Goes to the job's events.
    let say: @Sendable (String) async -> Void
    let logger: Logger
    /// The self-backup is back, and what it brought decides: of this order all that waited for it is left.
    var isSecond = false
    /// A judgement looks at each configuration as if it were restored alone: together they may be refused, and each come back.
    var isEachAlone = false
    /// What an earlier attempt at the same restore has begun to write; nil: there was none.
    var ledger: RestoreLedger?
    /// Where it is told that the archive is waited for.
    var board = JobProgressBoard()

    var node: String { settings.node }

    /// - Throws: `WireErrors`, whatever can be said at once, before anything is written.
    func plan() async throws -> PlannedRestore {
        let logger = logger.with(["stage": "check"])
        let (planned, missing) = try await disks()
        let disks = planned.filter { !$0.disk.isUndecided || isVisible($0.disk) }
        let first = isSecond ? [] : disks.indices.filter { !disks[$0].disk.isUndecided }
        var lost = LostDisks()
        let silent = try await RestoreTarget.silent(disks.filter { !$0.disk.isUndecided }.map(\.target))
        for index in disks.indices where !disks[index].disk.isUndecided {
            if let fault = silent[disks[index].target.path] { lost.add(fault, at: index) }
        }
        try lost.requireAny(of: first)
        let decided = disks.filter { !$0.disk.isUndecided && silent[$0.target.path] == nil }
        try await runBlocking(
            "targets", asking: decided.map(\.target.path), .ofTree
        ) { [order, node, ledger] in
            try Self.requireFree(decided, order: order, ledger, node: node)
        }
        try await requireUnchanged(disks.map(\.disk), &lost)
        try lost.requireAny(of: first)
        logger.info("the volumes still are the run's", metadata: ["disks": "\(disks.count)"])
        let found = try await FoundDisk.lookUp(disks.map(\.disk), clients, &lost)
        try lost.requireAny(of: first)
        logger.info("the objects are looked up")
        let thaw = board.begins(
            JobWait(reason: "objects in the archive", seconds: order.thaw?.deadlineSeconds ?? 4 * 86_400))
        defer { board.ended(thaw) }
        try await ArchivedDumps(
            clients: clients, note: say, options: GlacierThaw.Options(order.thaw ?? ThawOrder())
        ).makeReadable(found)
        var steps = try await steps(found, disks.map(\.target), &lost)
        try lost.requireAny(of: first)
        steps = Self.outerFirst(steps)
        try await requireRoom(steps.filter { !$0.disk.isUndecided })
        return PlannedRestore(
            steps: steps.filter { !$0.disk.isUndecided }, missing: missing,
            undecided: planned.map(\.disk).filter(\.isUndecided))
    }

    /// What is restored and where it goes, by everything that needs no volume to be looked at.
    ///
    /// - Throws: `WireErrors` for what cannot be restored together.
    func disks() async throws -> (disks: [PlacedDisk], missing: [RestoreReport.Disk]) {
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
        try order.requireKnown(disks, run: run, node: node)
        if order.directory == nil {
            let decided = decide(disks)
            disks = decided.disks
            missing += decided.refused
        }
        let placed = try disks.map {
            PlacedDisk(disk: $0, target: try RestoreTarget($0, order: order, settings: settings))
        }
        try await refuseCollisions(placed.filter { !$0.disk.isUndecided })
        return (placed, missing)
    }

    private func decide(_ disks: [RestorableDisk]) -> InPlaceDisks.Decided {
        let amandaDirectory = settings.amandaDirectory
        let (own, rest) = (
            disks.filter { $0.selfBackupPlace(amandaDirectory) != nil },
            disks.filter { $0.selfBackupPlace(amandaDirectory) == nil }
        )
        let places = InPlaceDisks(
            node: node, configurations: configurations, awaitsDisklists: !isSecond && !own.isEmpty)
        return places.decide(isSecond ? rest : own + rest, amandaDirectory: amandaDirectory)
    }

    /// Whether it can be looked at before the self-backup brings what leads to its volumes.
    private func isVisible(_ disk: RestorableDisk) -> Bool {
        let volumes = disk.dumps.flatMap(\.record.volumes)
        return volumes.allSatisfy { volume in
            volume.directory == nil
                && (try? clients.requireKnownBucket(volume, of: disk.configuration.name)) != nil
        }
    }

    private static func requireFree(
        _ disks: [PlacedDisk], order: RestoreOrder, _ ledger: RestoreLedger?, node: String
    ) throws {
        let targets = disks.map(\.target)
        var faults: [WireError] = []
        for placed in disks {
            do {
                try RestoreDirectories.requireNoLinks(placed.target, order, node: node)
                let isOwn = try ledger?.hasBegun(placed.target) == true
                try placed.target.requireFree(
                    overwrite: isOwn || order.overwrites(placed.disk), node: node,
                    flag: order.overwritingFlag(for: placed.disk),
                    besides: placed.target.kept(among: targets))
            } catch {
                faults.append(WireError(cause: error, node: node))
            }
        }
        guard faults.isEmpty else { throw WireErrors.joined(faults) }
    }

    private func requireRoom(_ steps: [RestoreStep]) async throws {
        let asked = steps.filter { $0.fault == nil }.map(\.target.path)
        let remarks = try await runBlocking("room", asking: asked, .ofTree) {
            [order, node, settings] in
            let others = RestoreGround.otherPlaces(order, settings)
            let targets = steps.map(\.target)
            return try RestoreRoom(node: node, isIgnored: order.ignoresRoom == true).check(
                try steps.filter { $0.fault == nil }.compactMap { step in
                    let isEmpty = try step.target.isFree(besides: step.target.kept(among: targets))
                    let kept = step.target.kept(among: targets + others)
                    let path = step.target.path
                    let isBare = try FileSystem.isDirectory(path) && OpenDirectory(path).isBare()
                    let place = step.place(
                        deletes: order.delete, isEmpty: isEmpty, kept: kept, isBare: isBare)
                    try step.requireOneFileSystem(place, isEmpty: isEmpty, node: node)
                    return try step.need(at: place, isEmpty: isEmpty)
                })
        }
        for remark in remarks { await say(remark) }
    }

    /// This node's own record of a run whose held dumps are still here: it needs no store. Else the bucket's; nil: there is none.
    private func record() async throws -> NodeRecord? {
        if order.sourceNode == node, let kept = await ownRecord(run) {
            let held = kept.heldRecords(of: order.configurations)
            let lookup = try await HeldDumpLookup(held)
            if !held.isEmpty, held.allSatisfy({ lookup[$0] != nil }) { return kept }
        }
        return try await records.read(run, node: order.sourceNode)
    }

    /// The run's record; without one, or where it calls held what is held no more, Amanda's own catalog on this node.
    private func source(
        of configuration: ConfigurationChoice, _ record: NodeRecord?
    ) async throws -> any RestorableDiskSource {
        let catalog = CatalogSource(
            node: node, configurations: configurations, run: run, clients: clients)
        guard let record else { return catalog }
        let held = record.heldRecords(of: [configuration])
        let loaded = try? configurations.named(configuration.name)?.loaded.get()
        let lookup = try await HeldDumpLookup(
            order.sourceNode == node ? held : [],
            within: loaded?.configuration.holdingDisks.map(\.directory))
        let isThere = held.allSatisfy { lookup[$0] != nil }
        if !isThere, try await catalogKnows(catalog, configuration, held) { return catalog }
        return RecordSource(
            record: record,
            threads: { [configurations] in configurations.named($0.name)?.changer?.recoveryThreadCount },
            held: lookup,
            otherRecord: { [records, order] in try await records.read($0, node: order.sourceNode) })
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

    private func refuseCollisions(_ disks: [PlacedDisk]) async throws {
        let isInPlace = order.directory == nil
        let faults = try await runBlocking("collisions") { [isEachAlone] in
            let real = PatientLook.all(
                disks.map(\.target.path), what: "place-look", limit: DiskLook.limit
            ) { FileSystem.realPath($0) }
            let pieces = disks.map { placed in
                // Beneath `--to DIR` no link is followed.
                let path = placed.target.path
                return RestorePiece(
                    configuration: placed.disk.configuration.name, disk: placed.disk.disk,
                    path: isInPlace ? real[path] ?? path : path, selection: placed.disk.selection)
            }
            return isEachAlone
                ? RestorePiece.collisionsWithinEach(pieces) : RestorePiece.collisions(among: pieces)
        }
        guard faults.isEmpty else { throw WireErrors.joined(faults.map { WireError($0, node: node) }) }
    }

    /// A directory before those inside it, and the disk that holds a directory itself before its other parts: an increment, or
    /// `--delete`, removes what its own dump does not list.
    static func outerFirst(_ steps: [RestoreStep]) -> [RestoreStep] {
        func place(_ step: (offset: Int, element: RestoreStep)) -> (Int, Int, Int) {
            let path = step.element.target.path
            let depth = steps.count { $0.target.path == "/" || path.hasPrefix("\($0.target.path)/") }
            return (depth, step.element.disk.selection?.included == nil ? 0 : 1, step.offset)
        }
        return steps.enumerated().sorted { place($0) < place($1) }.map(\.element)
    }

    private func fault(
        _ disk: String, _ reason: String, of configuration: ConfigurationChoice
    ) -> RestoreReport.Disk {
        var fault = RestoreReport.Disk(configuration: configuration.name, disk: disk, target: "")
        fault.error = WireError(
            .damaged, node: node, "run \(run) has no usable dump of '\(disk)': \(reason)",
            hint: "restore this disk from another run.")
        return fault
    }
}
