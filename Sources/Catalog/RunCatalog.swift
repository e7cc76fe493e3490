// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files
import Synchronization

/// One attempt at a run of one configuration, as its catalog sees it: from the log's first line to `FINISH`.
///
/// Order for a volume (DESIGN decision 12): `reserve` the slot, read its label again, `prepare` (its old dumps vanish from every
/// listing), delete its objects by exact key, write the label, `volumeWritten`. A crash anywhere leaves a volume
/// without dumps, or dumps with all their data.
///
/// Every call blocks: on the disk, and on Amanda's locks for up to `CatalogLocation.lockWait`. Use `runBlocking`.
public final class RunCatalog: Sendable {
    private struct State {
        var device: String?
        var volume: LogVolume?
        var storedByteCount: Int64 = 0
        var storedFileCount = 0
    }

    private let location: CatalogLocation
    private let run: Datestamp
    private let log: RunLog
    private let startedAt = ContinuousClock.now
    /// Held while a call writes, so that the lines of two dumps do not mix.
    private let state = Mutex(State())

    /// The log of this attempt, absolute.
    public var logPath: String { log.path }
    /// From 0.
    public var attempt: Int { log.attempt }

    /// Begins an attempt: nobody else may be at work, and the run must be the newest.
    ///
    /// - Parameters:
    ///   - isFurtherAttempt: the run has been begun before, here, under the same name.
    ///   - disks: host and disk of every DLE that is to be dumped.
    /// - Throws: `CatalogError.notNewest` names the newest run, so that the caller can move on.
    public init(
        beginning run: Datestamp, location: CatalogLocation, isFurtherAttempt: Bool = false,
        disks: [(host: String, disk: String)], hostName: String
    ) throws {
        let reader = CatalogReader(location)
        try reader.refuseIfRunning()
        if let path = location.changerStateFile {
            try ChangerStateFile(path, location: location).refuseIfHeld()
        }
        if let newest = try reader.newestRun(), newest > run || (newest == run && !isFurtherAttempt) {
            throw CatalogError.notNewest(run: run, newest: newest, configuration: location.configuration)
        }
        self.location = location
        self.run = run
        log = try RunLog(creatingFor: run, location: location)
        let process = RunningProcess.name(RunningProcess.current) ?? "amfleetd"
        var lines: [LogLine] = [
            .note(kind: "INFO", program: "amdump", text: "\(process) pid \(RunningProcess.current)"),
            .start(program: "planner", datestamp: run.description),
        ]
        lines += disks.map { .disk(host: $0.host, disk: $0.disk) }
        lines += [
            .finish(program: "planner", datestamp: run.description, seconds: "0.000"),
            .start(program: "driver", datestamp: run.description),
            .note(kind: "STATS", program: "driver", text: "hostname \(hostName)"),
            .note(kind: "STATS", program: "driver", text: "startup time 0.000"),
        ]
        try log.append(lines)
    }

    /// Holds the slot of `device` (e.g. `s3:bucket/path/slot-01`) for this process and makes Amanda forget its label.
    ///
    /// - Throws: `CatalogError.slotHeld` when a living process holds a slot of the changer.
    public func reserve(device: String) throws {
        if let path = location.changerStateFile {
            try ChangerStateFile(path, location: location).reserve(device)
        }
        state.withLock { $0.device = device }
    }

    /// Before anything of the volume is deleted or written: its old dumps leave the catalog.
    ///
    /// The label stays in the tapelist as one never written (datestamp 0), so that after a crash both programs still know
    /// the volume as theirs and free.
    public func prepare(_ choice: VolumeChoice) throws {
        guard choice.kind != .continuing else { return }
        try TapelistFile(location).update { list in
            var entry = list.entry(label: choice.label) ?? TapelistEntry(datestamp: nil, label: choice.label)
            entry.datestampText = "0"
            list.set(ours(entry))
        }
    }

    /// After the label is in the bucket: from now on the volume belongs to this run.
    ///
    /// - Parameter blockKiB: of the tapetype.
    public func volumeWritten(_ choice: VolumeChoice, bucket: String, prefix: String, blockKiB: Int?) throws {
        if let cache = location.labelCache(bucket: bucket, prefix: prefix) { try FileSystem.remove(cache) }
        try TapelistFile(location).update { list in
            var entry = list.entry(label: choice.label) ?? TapelistEntry(datestamp: run, label: choice.label)
            entry.datestampText = run.description
            if let blockKiB { entry.blockKiB = blockKiB }
            list.set(ours(entry))
        }
        let volume = LogVolume(
            datestamp: run.description, storage: location.storage, pool: location.pool, label: choice.label,
            number: 1)
        state.withLock { $0.volume = volume }
        try log.append([.startTaper(volume)], synchronising: true)
    }

    /// Enters a dump that is done, or failed after its volume was taken. Its `DONE` is written last, and is on the disk
    /// when this returns.
    public func record(_ record: DumpRecord, date: Int64) throws {
        try state.withLock { state in
            guard let volume = state.volume else {
                guard case .failed(let reason) = record.status else {
                    throw CatalogError.noVolume(dumpOf: record.header.host, disk: record.header.disk)
                }
                return try log.append(record.failureLinesWithoutVolume(reason), synchronising: true)
            }
            let isWhole = if case .failed = record.status { false } else { true }
            let lines = record.logLines(volume: volume)
            if isWhole {
                let index = IndexWriter(location: location)
                try index.writeIndex(record)
                try index.writeHeader(record)
            }
            try log.append(lines.untilVerdict, synchronising: true)
            try log.append(lines.after)
            state.storedFileCount += record.parts.count
            state.storedByteCount += record.storedByteCount
            if isWhole { try InfoFile(location: location).record(record, volume: volume, date: date) }
        }
    }

    /// A line for `amreport`'s notes.
    public func note(_ text: String, isWarning: Bool = false) throws {
        try log.append([.note(kind: isWarning ? "WARNING" : "INFO", program: "driver", text: text)])
    }

    /// No volume could be had.
    public func volumeRefused(_ reason: String) throws {
        try log.append([.note(kind: "ERROR", program: "taper", text: "no-tape error [\(reason)]")])
    }

    /// Ends the attempt and gives the slot back; also after a failure.
    public func finish() throws {
        try state.withLock { state in
            var lines: [LogLine] = []
            if let volume = state.volume {
                let size = "kb \(state.storedByteCount >> 10) fm \(state.storedFileCount)"
                lines.append(.note(kind: "INFO", program: "taper", text: "tape \(volume.label) \(size) [OK]"))
            }
            let seconds = LogStatistics.decimal((ContinuousClock.now - startedAt) / .seconds(1))
            lines.append(.finish(program: "driver", datestamp: run.description, seconds: seconds))
            lines.append(.note(kind: "INFO", program: "amdump", text: "pid-done \(RunningProcess.current)"))
            // The slot is given back whether or not the log can be written.
            defer { state.device = nil }
            let logged = Result { try log.append(lines, synchronising: true) }
            if let device = state.device, let path = location.changerStateFile {
                try ChangerStateFile(path, location: location).release(device)
            }
            try logged.get()
        }
    }

    private func ours(_ entry: TapelistEntry) -> TapelistEntry {
        var entry = entry
        entry.pool = location.pool
        entry.storage = location.storage
        entry.configuration = location.configuration
        return entry
    }
}
