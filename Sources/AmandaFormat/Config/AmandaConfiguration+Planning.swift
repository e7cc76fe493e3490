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
    var reservePercent: Int { Int(document.global.integer("reserve")) }
    /// Which held dump goes to a volume next.
    public var taperAlgorithm: TaperAlgorithm {
        TaperAlgorithm(keyword: storage.keyword("taperalgo")) ?? .first
    }
    /// Whether a run flushes what an earlier one held: `NO`, `YES` or `ALL`.
    public var autoflush: String { storage.keyword("autoflush") }
}
