// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files
public import LogOutput
public import Logging
import Synchronization

/// One attempt at a run of one configuration, as its catalog sees it: from the log's first line to `FINISH`.
///
/// `planned` comes before the first dump. Order for a volume (Docs/DECISIONS.md, 6): `reserve` the slot, read its label again,
/// `prepare` (its old dumps vanish from every listing), delete its objects by exact key, write the label,
/// `volumeWritten`. A crash anywhere leaves a volume without dumps, or
/// dumps with all their data.
///
/// A run may write several volumes, and several dumps at a time. Every call blocks: on the disk, and on Amanda's locks
/// for up to `CatalogLocation.lockWait`. Use `runBlocking`; `progress` alone is for everywhere.
public final class RunCatalog: Sendable {
    /// What an attempt is for: Amanda's reports know a flush by the program that began it, and ask it for no dump.
    public enum Purpose: Sendable {
        case dumps
        case flush

        var program: String { self == .flush ? "amflush" : "amdump" }
        /// Who names the disks.
        var planner: String { self == .flush ? "amflush" : "planner" }
    }

    /// A volume of this run.
    struct Volume {
        var device: String
        var storedByteCount: Int64 = 0
        var fileCount = 0
    }

    struct State {
        /// Nil until `planned`.
        var plan: PlannedRun?
        /// Slots that this process holds.
        var devices: [String] = []
        /// By label.
        var volumes: [String: Volume] = [:]
        /// Labels in the order in which they were written.
        var labels: [String] = []
        var trace: RunTrace
    }

    let location: CatalogLocation
    let run: Datestamp
    let purpose: Purpose
    let log: RunLog
    let traceFile: TraceFile
    let progressFiles: ProgressFiles
    let logger: Logger
    private let startedAt = ContinuousClock.now
    /// Held while a call writes its lines, so that those of two dumps do not mix; what takes long is made before.
    let state: Mutex<State>

    /// The log of this attempt, absolute.
    var logPath: String { log.path }
    /// From 0.
    public var attempt: Int { log.attempt }

    /// Begins an attempt: nobody else may be at work, and the run must be the newest.
    ///
    /// - Parameters:
    ///   - isFurtherAttempt: the run has been begun before, here, under the same name.
    ///   - purpose: a flush has no plan: `planned` is not called.
    ///   - disks: host and disk of every DLE of which something is to be said, dumped or left out.
    ///   - logger: told of every step.
    /// - Throws: `CatalogError.notNewest` names the newest run, so that the caller can move on.
    public init(
        beginning run: Datestamp, location: CatalogLocation, isFurtherAttempt: Bool = false,
        purpose: Purpose = .dumps, disks: [(host: String, disk: String)], hostName: String,
        capacity: RunCapacity = RunCapacity(),
        logger: Logger = .discarding
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
        self.purpose = purpose
        log = try RunLog(creatingFor: run, location: location)
        traceFile = try TraceFile(creatingFor: run, location: location)
        progressFiles = ProgressFiles(traceFile)
        self.logger = logger
        state = Mutex(State(trace: RunTrace(run: run, storage: location.storage, capacity: capacity)))
        try log.append(openingLines(disks, hostName))
        try state.withLock { state in
            try traceFile.append(state.trace.opening(elapsed))
            if purpose == .flush { try begin(PlannedRun(dumps: []), &state) }
        }
        logger.info("the catalog's run begins", metadata: ["log": "\(log.path)"])
    }

    /// Source: logs of Amanda 3.5.1's amdump and amflush (`Amflush.pm`).
    private func openingLines(_ disks: [(host: String, disk: String)], _ hostName: String) -> [LogLine] {
        let process = RunningProcess.name(RunningProcess.current) ?? "amfleetd"
        let start = LogLine.start(program: purpose.planner, datestamp: run.description)
        let named = disks.map {
            LogLine.disk(program: purpose.planner, host: $0.host, disk: $0.disk)
        }
        let first = LogLine.note(
            kind: "INFO", program: purpose.program, text: "\(process) pid \(RunningProcess.current)")
        return [first] + (purpose == .flush ? named + [start] : [start] + named) + [
            .start(program: "driver", datestamp: run.description),
            .note(kind: "STATS", program: "driver", text: "hostname \(hostName)"),
            .note(kind: "STATS", program: "driver", text: "startup time \(elapsed)"),
        ]
    }

    /// What is to be done, and when the planner was done with it. Once, before the first dump.
    public func planned(_ plan: PlannedRun) throws {
        try state.withLock { state in
            for (name, info) in plan.infoUpdates { try InfoFile(location: location).write(info, of: name) }
            try log.append(plan.logLines(run: run) + [plannerFinish])
            try begin(plan, &state)
        }
        logger.debug(
            "the plan is in the catalog",
            metadata: ["dumps": "\(plan.dumps.count)", "leftOut": "\(plan.leftOut.count)"])
    }

    private func begin(_ plan: PlannedRun, _ state: inout State) throws {
        state.plan = plan
        try traceFile.append(state.trace.planned(plan, elapsed))
    }

    /// A line for `amreport`'s notes.
    public func note(_ text: String, isWarning: Bool = false) throws {
        try log.append([.note(kind: isWarning ? "WARNING" : "INFO", program: "driver", text: text)])
    }

    /// Takes away logs and indexes that no listing reads any longer; before `finish`, while nobody else is at work.
    ///
    /// Logs go to `oldlog`, in Amanda's way. Nothing that is younger than a dumpcycle goes.
    public func trim(dumpcycleDays: Int) throws {
        guard let now = Datestamp.now?.secondsOfLocalTime else { return }
        _ = try CatalogTrimming(
            location: location, dumpcycleDays: dumpcycleDays, now: now, current: run
        ).run()
    }

    /// Ends the attempt and gives every slot back; also after a failure.
    public func finish() throws {
        try state.withLock { state in
            var lines = state.plan == nil ? [plannerFinish] : []
            for label in state.labels { lines += state.endVolume(label) }
            lines.append(.finish(program: "driver", datestamp: run.description, seconds: elapsed))
            lines.append(
                .note(kind: "INFO", program: purpose.program, text: "pid-done \(RunningProcess.current)"))
            // The slots are given back whether or not the log can be written.
            let logged = Result { try log.append(lines, synchronising: true) }
            let devices = state.devices
            state.devices = []
            let released = Result { try release(devices, state) }
            let traced = Result { try endTrace(state) }
            try logged.get()
            try traced.get()
            try released.get()
        }
        logger.info("the catalog's run has ended", metadata: ["log": "\(log.path)"])
    }

    private func endTrace(_ state: State) throws {
        for name in state.trace.running.keys { try progressFiles.end(name) }
        try traceFile.append(state.trace.closing(elapsed, endedAt: Datestamp.now))
        try traceFile.roll()
    }

    var elapsed: String { LogStatistics.elapsed((ContinuousClock.now - startedAt) / .seconds(1)) }

    private var plannerFinish: LogLine {
        .finish(program: "planner", datestamp: run.description, seconds: elapsed)
    }
}
