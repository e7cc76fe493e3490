// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// The trace of a run, `amdump.<run>`: what `amstatus` reads, while the run goes on and afterwards.
///
/// Shape: lines of Amanda's driver and planner, `driver: send-cmd time <seconds> to <program>: …` and
/// `driver: result time <seconds> from <program>: …`, names in Amanda's quoting. Only lines that `amstatus` reads are
/// written. It dies on a line that does not follow from the one before, so every dump goes through its states here. A worker of the
/// taper stands for a volume: several dumps may go to one, and the parts of one dump to several.
/// Source: Amanda 3.5.1 `server-src/driver.c`, `driverio.c`, `planner.c`; `perl/Amanda/Status.pm`; traces of real runs.
struct RunTrace: Sendable {
    /// A dump under way.
    struct Running: Sendable {
        var serial: String
        var dumper: Int
        /// The volume's number, from 0.
        var worker: Int
        var destination: DumpDestination
        /// KiB/s that it is expected to take.
        var rate: Int64
    }

    let run: Datestamp
    let storage: String
    let capacity: RunCapacity
    /// Disks of which `amstatus` knows that they are estimated.
    var estimated: Set<[String]> = []
    /// Dumps that are scheduled, and not begun.
    var waiting: Set<LogDumpName> = []
    var running: [LogDumpName: Running] = [:]
    /// In the order in which they were written.
    var volumes: [String] = []
    private var serialCount = 0

    init(run: Datestamp, storage: String, capacity: RunCapacity) {
        self.run = run
        self.storage = storage
        self.capacity = capacity
    }

    func opening(_ elapsed: String) -> [String] {
        [
            "amdump: start at \(run.longText)",
            "amdump: datestamp \(run.description.prefix(8))",
            "amdump: starttime \(run)",
            "amdump: starttime-locale-independent \(run.isoText)",
            "planner: timestamp \(run)",
            "driver: taper taper0 storage \(quote(storage)) tape_size \(capacity.volumeKiB)",
            "driver: send-cmd time \(elapsed) to taper0: START-TAPER taper0 worker0-0 \(quote(storage)) \(run)",
            "driver: start time \(elapsed) inparallel \(capacity.inparallel) bandwidth \(capacity.netusage)"
                + " diskspace 0  dir OBSOLETE datestamp \(run) driver: drain-ends tapeq FIRST big-dumpers sssS",
            state(elapsed),
        ]
    }

    mutating func estimating(_ disks: [(host: String, disk: String)]) -> [String] {
        disks.compactMap { host, disk in
            guard estimated.insert([host, disk]).inserted else { return nil }
            return "setup_estimate: \(quote(host)):\(quote(disk)): getting estimates"
        }
    }

    mutating func planned(_ plan: PlannedRun, _ elapsed: String) -> [String] {
        let failed = plan.leftOut.filter { $0.cause == .failure }
        var lines = estimating(
            plan.dumps.map { (host: $0.host, disk: $0.disk) } + failed.map { (host: $0.host, disk: $0.disk) })
        lines += plan.dumps.map { dump in
            "planner: time \(elapsed): got result for host \(quote(dump.host)) disk \(quote(dump.disk)): "
                + "\(dump.level) -> \(dump.estimate?.originalKiB ?? 0)K, -1 -> -3K, -1 -> -3K"
        }
        lines += failed.map { left in
            "planner: FAILED \(quote(left.host)) \(quote(left.disk)) \(run) \(left.level) "
                + AmandaQuotedString.quoteAlways("[\(left.reason)]")
        }
        return lines + schedule(plan.dumps) + [state(elapsed)]
    }

    mutating func schedule(_ dumps: [PlannedRun.Dump]) -> [String] {
        var lines = ["GENERATING SCHEDULE:", "--------"]
        for dump in dumps {
            waiting.insert(
                LogDumpName(
                    host: dump.host, disk: dump.disk, datestamp: run.description, level: dump.level))
            let sizes = dump.estimate ?? .init(originalKiB: 0, storedKiB: 0)
            lines.append(
                "DUMP \(quote(dump.host)) \(Self.features) \(quote(dump.disk)) \(run) \(dump.priority)"
                    + " \(dump.level) 1970:1:1:0:0:0 \(sizes.originalKiB) \(sizes.storedKiB)"
                    + " \(sizes.seconds) \(sizes.rate) \"\"")
        }
        return lines + ["--------"]
    }

    mutating func volumeWritten(_ label: String, _ elapsed: String) -> [String] {
        let worker = "worker0-\(volumes.count)"
        volumes.append(label)
        let start =
            "driver: send-cmd time \(elapsed) to taper0: START-TAPER taper0 \(worker) \(quote(storage)) \(run)"
        return (volumes.count == 1 ? [] : [start]) + [
            "driver: result time \(elapsed) from taper0: TAPER-OK \(worker)",
            "taper: wrote label '\(label)'",
            "driver: result time \(elapsed) from taper0: NEW-TAPE \(worker) 00-00000 \(quote(label))",
        ]
    }

    func volumeRefused(_ reason: String, _ elapsed: String) -> [String] {
        let worker = "worker0-\(volumes.count)"
        let reason = AmandaQuotedString.quoteAlways(reason)
        return ["driver: result time \(elapsed) from taper0: TAPE-ERROR \(worker) \(reason)", state(elapsed)]
    }

    func closing(_ elapsed: String, endedAt: Datestamp?) -> [String] {
        [state(elapsed), "driver: FINISHED time \(elapsed)", "amdump: end at \((endedAt ?? run).longText)"]
    }

    /// What the driver says after every step.
    func state(_ elapsed: String) -> String {
        let isWriting = running.values.contains { if case .holding = $0.destination { false } else { true } }
        let dumping = running.values.filter { if case .flush = $0.destination { false } else { true } }
        let free = max(0, capacity.netusage - dumping.reduce(0) { $0 + $1.rate })
        let idle = max(0, capacity.inparallel - dumping.count)
        let reason = dumping.isEmpty ? "not-idle" : idle == 0 || waiting.isEmpty ? "no-dumpers" : "not-idle"
        return
            "driver: state time \(elapsed) free kps: \(free) space: 0 taper: \(isWriting ? "writing" : "idle")"
            + " idle-dumpers: \(idle) qlen tapeq taper0: 0:0 runq: \(waiting.count) directq: 0 roomq: 0"
            + " wakeup: 0 driver-idle: \(reason)"
    }

    mutating func nextSerial() -> String {
        serialCount += 1
        let digits = String(serialCount)
        return "00-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    func quote(_ name: String) -> String { AmandaQuotedString.quote(name) }

    /// Stands where stock Amanda names the features of the client.
    static let features = "ffffffff"
}
