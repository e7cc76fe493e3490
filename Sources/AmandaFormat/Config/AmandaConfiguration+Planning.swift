// SPDX-License-Identifier: Apache-2.0

/// Planning and the order of the night.
extension AmandaConfiguration {
    /// The largest sum of one run's dumps; nil: what its volumes hold. Of `maxdumpsize`.
    public var maxDumpBytes: Int64? {
        let kibibytes = document.global.integer("maxdumpsize")
        return kibibytes > 0 ? kibibytes.bytesOfKibibytes : nil
    }
    /// Bytes per second: no further dump starts while the expected sum is above it. No cap.
    public var netusageBytesPerSecond: Int64 { document.global.integer("netusage").bytesOfKibibytes }
    /// One letter a dumper: `sStTbB`.
    public var dumporder: String { document.global.text("dumporder") ?? "" }
    /// Seconds that an estimate of a disk may take; negative: of all of them together.
    public var estimateTimeoutSeconds: Int { Int(document.global.integer("etimeout")) }
    /// Seconds for which a dump may be silent.
    public var dumpTimeoutSeconds: Int { Int(document.global.integer("dtimeout")) }
    /// Seconds that a check of a host may take.
    public var checkTimeoutSeconds: Int { Int(document.global.integer("ctimeout")) }
    /// Percent of the holding disks that only increments may use when there is no volume.
    public var reservePercent: Int { Int(document.global.integer("reserve")) }
    /// Which held dump goes to a volume next.
    public var taperAlgorithm: TaperAlgorithm {
        TaperAlgorithm(keyword: storage.keyword("taperalgo")) ?? .first
    }
    /// Whether a run flushes what an earlier one held: `NO`, `YES` or `ALL`.
    public var autoflush: String { storage.keyword("autoflush") }

    /// Names are compared without regard to case.
    public func interface(named name: String) -> NetworkInterface? {
        document.block(.interface, named: name).map(NetworkInterface.init)
    }

    /// What the planner has to know beside the disks.
    ///
    /// - Parameter tapelist: for `runspercycle -1`.
    public func plannerSettings(blockByteCount: Int64, tapelist: Tapelist, now: Int64) -> PlannerSettings {
        let capacity = tapetype.lengthBytes.multipliedReportingOverflow(by: Int64(max(1, runtapes)))
        return PlannerSettings(
            dumpcycleDays: dumpcycleDays,
            runsPerCycle: runsPerCycle(tapelist, now: now),
            capacityBytes: maxDumpBytes ?? (capacity.overflow ? .max : capacity.partialValue),
            overheadBytesPerDump: blockByteCount + tapetype.filemarkBytes)
    }

    /// Source: Amanda 3.5.1 amanda.conf(5), `runspercycle`.
    private func runsPerCycle(_ tapelist: Tapelist, now: Int64) -> Int {
        switch runspercycle {
        case 0: return max(1, dumpcycleDays)
        case -1:
            guard let since = Datestamp(localTimeOf: now - Int64(dumpcycleDays) * 86_400) else { return 1 }
            let volumes = tapelist.entries.filter { entry in entry.datestamp.map { $0 >= since } ?? false }
            return max(1, volumes.count / max(1, runtapes))
        default: return runspercycle
        }
    }
}
