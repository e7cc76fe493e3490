// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What a run is to do.
public struct Plan: Equatable, Sendable {
    /// Highest priority first, of one priority the largest.
    public var dumps: [PlannedDump] = []
    /// Disks that this run does not dump.
    public var leftOut: [DiskLeftOut] = []
    /// For the operator: what is not as it should be, as whole sentences.
    public var warnings: [String] = []
    /// Of `dumps`, headers and marks included.
    var totalStoredBytes: Int64 = 0
    /// Of the full dumps among them.
    var fullStoredBytes: Int64 = 0
    /// What full dumps would take each run if they were even.
    var balancedBytes: Int64 = 0
    /// What one run may store.
    var capacityBytes: Int64 = 0
    /// Full dumps by the day on which they fall due after this run.
    var upcoming: [UpcomingDay] = []
    /// Curinfo to be written, for full dumps that were made by other means.
    public var infoUpdates: [DiskName: Info] = [:]

    /// Nothing to do.
    public init() {}

    /// Full dumps that fall due on one day.
    public struct UpcomingDay: Equatable, Sendable {
        var daysAhead: Int
        var count: Int
        public var storedBytes: Int64
    }

    /// Those that cannot be dumped as things stand, each with what to change.
    var refusals: [DiskLeftOut] { leftOut.filter(\.isRefused) }
}

/// A dump at one level, with what is expected of it.
public struct ExpectedDump: Equatable, Sendable {
    public var level: Int
    /// When the dump was made that it builds upon, in seconds since 1970; nil for level 0.
    public var since: Int64?
    /// As tar writes it.
    public var nativeBytes: Int64
    /// After compression.
    public var storedBytes: Int64
    /// Of stored bytes, from history.
    public var bytesPerSecond: Double

    public var seconds: Double { Double(storedBytes) / max(1, bytesPerSecond) }
}

/// One dump of a plan.
public struct PlannedDump: Equatable, Sendable {
    public var name: DiskName
    public var dump: ExpectedDump
    public var reason: PlanReason
    /// What to dump to a holding disk when no volume can be had; nil: nothing.
    public var degraded: ExpectedDump?
    public var priority: Int
    /// Until its next full dump falls due; of a full dump, what is left of the dumpcycle after it.
    var daysUntilFull: Int

    public var level: Int { dump.level }
}

/// A disk that a run does not dump.
public struct DiskLeftOut: Equatable, Sendable {
    public enum Cause: Equatable, Sendable {
        case skipsFull, skipsIncrement
        /// Fulls are made by other means and nothing can build on them yet.
        case estimateFailed(String)
        /// No level has an estimate.
        case unknownSize
        /// It never fits: figures and what to change.
        case tooLarge(bytes: Int64, level: Int, capacity: Int64, hasIncrement: Bool)
        /// It does not fit beside the others this time.
        case noRoom(bytes: Int64, level: Int, capacity: Int64)
    }

    public var name: DiskName
    public var cause: Cause

    /// Nothing but a change of the configuration helps.
    public var isRefused: Bool {
        if case .tooLarge = cause { true } else { false }
    }

    /// The disk should have been dumped.
    public var isFailure: Bool {
        switch cause {
        case .skipsFull, .skipsIncrement: false
        case .estimateFailed, .unknownSize, .tooLarge, .noRoom: true
        }
    }
}
