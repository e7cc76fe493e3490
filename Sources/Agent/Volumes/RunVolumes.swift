// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import LogOutput
import Logging
import Planning
import S3
import Synchronization

/// The volumes of one run of a configuration, each taken when the one before is full, as many as `runtapes` allows.
final class RunVolumes: Sendable {
    private struct State {
        /// Taken in this attempt, in order.
        var taken: [TakenVolume] = []
        /// Of an earlier attempt, with dumps that still count.
        var kept: [VolumeRecord] = []
        /// Not to be written, and what else is to be said of volumes.
        var barred: Set<String> = []
        var remarks: [String] = []
    }

    private let allTaking: VolumeTaking
    private let catalog: RunCatalog
    private let journal: UploadJournal
    private let glacier: GlacierVolumes?
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter glacier: forgets that a volume was to move, before it is written again.
    init(
        _ taking: VolumeTaking, _ catalog: RunCatalog, journal: UploadJournal, glacier: GlacierVolumes? = nil,
        logger: Logger = .discarding
    ) {
        allTaking = taking
        self.catalog = catalog
        self.journal = journal
        self.glacier = glacier
        self.logger = logger.with(["stage": "volume"])
    }

    /// Every volume of the run so far, for its record.
    var records: [VolumeRecord] {
        state.withLock { state in
            let taken = state.taken.map(\.record)
            return state.kept.filter { !taken.contains($0) } + taken
        }
    }

    /// Without the volumes that turned out not to be written.
    private var taking: VolumeTaking {
        var taking = allTaking
        taking.barred = state.withLock { $0.barred }
        return taking
    }

    /// What is to be said of volumes that were taken, and of those that were not.
    var remarks: [String] { state.withLock { $0.remarks } }

    /// Takes the first volume.
    ///
    /// - Parameters:
    ///   - choice: what the plan has chosen, or why there is none.
    ///   - kept: volumes that an earlier attempt has written, with dumps that still count: these count too.
    /// - Returns: where dumps go; further volumes are taken as they fill.
    func begin(
        _ choice: Result<VolumeChoice, any Error>, kept: [VolumeRecord]
    ) async throws -> VolumeSeries {
        state.withLock { $0.kept = kept }
        let first = try await take(choice.get(), besides: [])
        return try VolumeSeries(
            first: first, maxDumpsPerVolume: configuration.maxDumpsPerVolume, logger: logger
        ) { [self] cause in
            try await next(because: cause)
        }
    }

    private func take(
        _ choice: VolumeChoice, besides filled: Set<String>
    ) async throws -> any DumpVolume {
        logger.info("\(choice.explanation)")
        do {
            if let remark = try await freed(choice) { state.withLock { $0.remarks.append(remark) } }
        } catch let stays as GlacierRuleStays {
            return try await take(insteadOf: choice, stays, besides: filled)
        }
        let volume = try await taking.take(choice, besides: filled, catalog)
        state.withLock { $0.taken.append(volume) }
        return try await open(volume)
    }

    /// Sees to it that nothing moves what is going to be written.
    private func freed(_ choice: VolumeChoice) async throws -> String? {
        guard let glacier, choice.kind != .continuing,
            let path = try await taking.device(of: choice).bucketPath
        else { return nil }
        return try await glacier.forget(choice, on: path)
    }

    /// Another volume, if there is one: each is refused once at most.
    private func take(
        insteadOf choice: VolumeChoice, _ stays: GlacierRuleStays, besides filled: Set<String>
    ) async throws -> any DumpVolume {
        logger.warning("\(stays)")
        let isNew = state.withLock { $0.barred.insert(choice.label).inserted }
        guard isNew, let other = try? await taking.choose(besides: filled), other.label != choice.label else {
            throw stays
        }
        state.withLock { $0.remarks.append("\(stays)") }
        return try await take(other, besides: filled)
    }

    /// The log says of every end but success that there was no volume.
    private func next(because cause: VolumeSeries.Cause) async throws -> any DumpVolume {
        logger.info("a further volume is needed: \(cause.text)")
        do {
            let filled = Set(state.withLock { $0.taken.map(\.label) })
            let choice = try await taking.choose(besides: filled)
            try requireAllowed(choice, because: cause)
            return try await take(choice, besides: filled)
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            let reason = error is VolumeChoiceError ? "no volume can be written" : "\(error)"
            let refusal = error as? NoFurtherVolume
            try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) { [catalog] in
                try catalog.volumeRefused(refusal?.logText ?? reason, byConfiguration: refusal != nil)
            }
            throw error
        }
    }

    private var configuration: AmandaConfiguration { taking.prepared.configuration }

    /// - Throws: with the figures, where a run may use no further volume.
    private func requireAllowed(_ choice: VolumeChoice, because cause: VolumeSeries.Cause) throws {
        let labels = Set(records.map(\.label))
        let limit = configuration.runtapes
        guard !labels.contains(choice.label), labels.count >= limit else { return }
        throw NoFurtherVolume(
            logText: "\(labels.count) tapes filled; runtapes=\(limit) does not allow additional tapes",
            facts: "\(cause.text), and runtapes \(limit) allows no further volume in a run",
            hint: "raise runtapes, or \(cause.remedy(configuration.tapetype)).")
    }

    private func open(_ volume: TakenVolume) async throws -> any DumpVolume {
        let prepared = taking.prepared
        let limit = configuration.volumeByteLimit(on: prepared.changer)
        let label = VolumeHeader(datestamp: taking.run, label: volume.label)
        switch volume.device {
        case .bucket(let path):
            return try BucketVolume(
                label: volume.label, client: taking.client(volume.record), journal: journal,
                keys: ObjectKeys(slotPrefix: path.prefix), firstFileNumber: volume.nextFileNumber,
                layout: prepared.layout,
                room: VolumeRoom(limit: limit, used: volume.usedByteCount + Int64(label.bytes.count)))
        case .directory(let path):
            let files = try await runBlocking("volume", asking: volume.device.mayHang) {
                try DirectoryFiles(path)
            }
            return DirectoryVolume(
                label: volume.label, files: files, owner: prepared.loaded.dumpuser.owner,
                firstFileNumber: volume.nextFileNumber, layout: prepared.layout,
                room: DirectoryVolume.room(
                    in: files, limit: limit,
                    used: volume.usedByteCount + Int64(DirectoryFiles.headerByteCount),
                    watchesFreeSpace: prepared.changer.watchesFreeSpace, layout: prepared.layout),
                stallLimit: prepared.stallLimit)
        }
    }
}

/// No further volume may be taken.
struct NoFurtherVolume: Fault {
    /// What Amanda's log says of it, in stock Amanda's words.
    let logText: String
    let facts: String
    let hint: String?
}

extension VolumeSeries.Cause {
    fileprivate var text: String {
        switch self {
        case .full(let label, let room): "volume '\(label)' is full (\(room))"
        case .dumpCount(let label, let limit):
            "volume '\(label)' holds \(Quantity.count(limit, "dump")), as many as max-dle-by-volume allows"
        }
    }

    fileprivate func remedy(_ tapetype: TapeType) -> String {
        switch self {
        case .full: "'length' of tapetype '\(tapetype.name)' (\(tapetype.place)) or MAX_VOLUME_USAGE"
        case .dumpCount: "max-dle-by-volume"
        }
    }
}
