// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What a plan has to respect beside the disks.
public struct PlannerSettings: Equatable, Sendable {
    /// The configuration's; disks may have their own.
    public var dumpcycleDays: Int
    /// Runs within `dumpcycleDays`; at least 1.
    var runsPerCycle: Int
    /// What one run may store: `maxdumpsize`, or the volumes of one run.
    var capacityBytes: Int64
    /// Added to each dump: its header's block and the mark behind it.
    var overheadBytesPerDump: Int64
    /// The rate of a disk without history. Source: Amanda 3.5.1, `DEFAULT_DUMPRATE`.
    var assumedBytesPerSecond: Double = 1024 * 1024

    /// Whether days on which much falls due together are taken apart beyond what stock Amanda does.
    var levelsHills = true

    init(
        dumpcycleDays: Int, runsPerCycle: Int, capacityBytes: Int64, overheadBytesPerDump: Int64 = 0
    ) {
        self.dumpcycleDays = dumpcycleDays
        self.runsPerCycle = max(1, runsPerCycle)
        self.capacityBytes = capacityBytes
        self.overheadBytesPerDump = overheadBytesPerDump
    }
}

/// One disk of the disklist, as the planner sees it.
public struct PlannerDisk: Equatable, Sendable {
    public var name: DiskName
    public var schedule: DumpSchedule
    /// From curinfo; an empty one for a disk that was never dumped.
    public var info: Info
    /// Every whole dump of it that the catalog lists.
    public var dumps: [StoredDump]
    /// Levels whose snapshot tar kept; nil: not looked at.
    public var snapshotLevels: Set<Int>?
    /// The lowest level of the suspect dumps that are newer than every plausible one: nothing is built on them. nil: there is none.
    public var suspectLevel: Int?

    public init(
        name: DiskName, schedule: DumpSchedule, info: Info, dumps: [StoredDump],
        snapshotLevels: Set<Int>? = nil
    ) {
        self.name = name
        self.schedule = schedule
        self.info = info
        self.dumps = dumps
        self.snapshotLevels = snapshotLevels
    }
}

/// How many volumes a configuration can still turn to.
public struct VolumeRotation: Equatable, Sendable {
    /// Labels that may be overwritten by age and marks, those that `VolumeNeed` protects included.
    var reusable: Set<String>
    /// Slots that would be labelled, and volumes never written.
    var unwrittenCount: Int
    /// The newest so many of `reusable` are kept, needed or not.
    var retainedCount: Int
    /// What this run writes, as far as it is known.
    var tonight: Set<String>
    /// Those of them whose dumps are given up for it.
    var overwritten: Set<String>

    init(
        reusable: Set<String>, unwrittenCount: Int, retainedCount: Int, tonight: Set<String> = [],
        overwritten: Set<String> = []
    ) {
        self.reusable = reusable
        self.unwrittenCount = unwrittenCount
        self.retainedCount = retainedCount
        self.tonight = tonight
        self.overwritten = overwritten
    }
}
