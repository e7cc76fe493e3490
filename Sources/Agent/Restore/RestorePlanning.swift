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
    /// What there is of each level in the store.
    var stored: [NodeRestorePlan.Level] = []
    /// What its dumps are decrypted with.
    var keys: [NodeRestorePlan.Key] = []

    /// Of tar's streams; nil where one is not known.
    var expectedBytes: Int64? {
        let known = plans.compactMap { $0.native?.byteCount }
        return known.count == plans.count ? known.byteSum : nil
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
    var say: @Sendable (String) async -> Void
    let logger: Logger
    /// The self-backup is back, and what it brought decides: of this order all that waited for it is left.
    var isSecond = false
    /// A judgement looks at each configuration as if it were restored alone: together they may be refused, and each come back.
    var isEachAlone = false
    /// Labels and headers of the volumes are asked alone: there is no record to be had, or none that counts.
    var isByHeaders = false
    /// What is taken in the place of a self-backup that is not whole.
    var substitute: SubstitutedSelf?
    /// What an earlier attempt at the same restore has begun to write; nil: there was none.
    var ledger: RestoreLedger?
    /// Of a plan alone: what came with it, and would be put back.
    var sealedKeys: Set<String> = []
    /// Sealed keys that were not put back, since others are there.
    var keptKeys: Set<String> = []
    /// Sealed keys that have no place on this machine without the operator's word.
    var leftOutKeys: Set<String> = []
    /// Where it is told that the archive is waited for.
    var board = JobProgressBoard()
    /// Nothing is written, removed or asked for: what a restore would refuse is said beside the rest.
    var isDry = false
    /// How fast restores of this node have gone; nil: nobody asks.
    var rates: RestoreRates?
    /// This node's share of what the cluster may receive; nil: no cap.
    var receiveBytesPerSecond: Int64?

    var node: String { settings.node }

    /// - Throws: `WireErrors`, whatever can be said at once, before anything is written.
    func plan() async throws -> PlannedRestore {
        var plan: PlannedRestore
        do {
            plan = try await look()
            if maySubstitute, let lost = lostSelfBackup(in: plan),
                let other = try await substituted(because: lost)
            {
                plan = try await other.look()
            }
        } catch let lost as LostSelfBackup {
            guard let other = try await substituted(because: lost.reason) else { throw lost.reason }
            plan = try await other.look()
        }
        if !isDry, let nothingLeft = plan.nothingLeft { throw nothingLeft }
        return plan
    }

    /// Everything looked at once.
    private func look() async throws -> PlannedRestore {
        let logger = logger.with(["stage": "check"])
        let (planned, missing, record) = try await disks()
        let disks = planned.filter { !$0.disk.isUndecided || isVisible($0.disk) }
        let first = isSecond ? [] : disks.indices.filter { !disks[$0].disk.isUndecided }
        var lost = LostDisks()
        let silent = try await RestoreTarget.silent(disks.filter { !$0.disk.isUndecided }.map(\.target))
        for index in disks.indices where !disks[index].disk.isUndecided {
            if let fault = silent[disks[index].target.path] { lost.add(fault, at: index) }
        }
        try requireAny(of: first, lost)
        let decided = disks.filter { !$0.disk.isUndecided && silent[$0.target.path] == nil }
        var refusals = try await notFree(decided)
        if !isDry, !refusals.isEmpty { throw WireErrors.joined(refusals) }
        try await requireUnchanged(disks.map(\.disk), &lost)
        try requireAny(of: first, lost)
        logger.info("the volumes still are the run's", metadata: ["disks": "\(disks.count)"])
        let found = try await FoundDisk.lookUp(disks.map(\.disk), clients, &lost)
        try requireAny(of: first, lost)
        logger.info("the objects are looked up")
        let archive = try await makeReadable(found)
        var steps = try await steps(found, disks.map(\.target), &lost)
        try requireAny(of: first, lost)
        steps = Self.outerFirst(steps)
        let decidedSteps = steps.filter { !$0.disk.isUndecided }
        let room = try await room(decidedSteps)
        if !isDry, let refusal = room.refusals.first { throw refusal }
        for remark in room.remarks { await say(remark) }
        let expected = try await expectedRoom(steps)
        refusals += room.refusals + expected.refusals
        var report = try await figures(
            of: steps, besides: planned.map(\.disk).filter { !isVisible($0) && $0.isUndecided }, missing,
            record,
            archive)
        report.rooms = room.systems + expected.systems
        report.notes = (substitute.map { [$0.note] } ?? []) + room.remarks + expected.remarks
        var plan = PlannedRestore(
            steps: decidedSteps, missing: missing, undecided: planned.map(\.disk).filter(\.isUndecided),
            report: report, refusals: refusals, substitute: substitute)
        do { try lost.requireAny(of: first) } catch { plan.nothingLeft = error }
        return plan
    }

    /// A dry run names what is lost even where that is all; and another self-backup may be found.
    private func requireAny(of first: [Int], _ lost: LostDisks) throws {
        if !isDry, !maySubstitute { try lost.requireAny(of: first) }
    }

    /// - Returns: what a dry run says of what a restore would wait for.
    private func makeReadable(_ found: [FoundDisk]) async throws -> NodeRestorePlan.Archive? {
        let archived = ArchivedDumps(
            clients: clients, note: say, options: GlacierThaw.Options(order.thaw ?? ThawOrder()))
        if isDry { return try await archived.outlook(found) }
        let thaw = board.begins(
            JobWait(reason: "objects in the archive", seconds: order.thaw?.deadlineSeconds ?? 4 * 86_400))
        defer { board.ended(thaw) }
        try await archived.makeReadable(found)
        return nil
    }

    /// What is restored and where it goes, by everything that needs no volume to be looked at.
    ///
    /// - Throws: `WireErrors` for what cannot be restored together.
    func disks() async throws -> (
        disks: [PlacedDisk], missing: [RestoreReport.Disk], record: NodeRecord?
    ) {
        let record = try await record()
        logger.info(
            record == nil ? "the run has no record: the catalog is asked" : "the run's record is read")
        var disks: [RestorableDisk] = []
        var missing: [RestoreReport.Disk] = []
        for configuration in order.configurations {
            let set = try await set(of: configuration, record)
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
        return (placed, missing, record)
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
            let depth = steps.count { $0.target.path == "/" || path.path(below: $0.target.path) != nil }
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
