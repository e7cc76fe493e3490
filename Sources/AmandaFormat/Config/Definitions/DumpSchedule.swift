// SPDX-License-Identifier: Apache-2.0

/// How often a DLE is dumped in full, and when its increments take the next level.
public struct DumpSchedule: Equatable, Sendable {
    public enum Strategy: Equatable, Sendable {
        case standard
        /// Every dump a full one.
        case noIncrements
        /// No full dump ever, always level 1.
        case noFulls
        /// No full dump here: `amadmin force` says that one was made by other means.
        case incrementsOnly
    }

    /// How an estimate may be had, in the order of preference.
    public enum EstimateMethod: Equatable, Sendable {
        /// A look at the disk.
        case client, calculation
        /// What curinfo remembers.
        case server
    }

    public var strategy = Strategy.standard
    /// Days within which a full dump falls due; 0: every run.
    public var dumpcycleDays = 10
    public var bump = BumpRule()
    /// Larger ones go first.
    public var priority = 1
    /// A full dump is not brought forward by more days than this.
    public var maxPromoteDays = 10_000
    /// A due full dump is left out, for it is made by other means.
    public var skipsFulls = false
    /// Nothing is dumped unless a full dump is due.
    public var skipsIncrements = false
    /// Whether tar's snapshot is kept; without it no increment is possible.
    public var isRecorded = true
    public var isCompressed = true
    /// Stored size by native size, until history knows better.
    public var expectedFullRatio = 0.5
    public var expectedIncrementalRatio = 0.5
    public var estimateMethods: [EstimateMethod] = [.client]

    /// Amanda's defaults.
    public init() {}

    /// Full dumps of it can be planned.
    public var makesFulls: Bool { strategy == .standard || strategy == .noIncrements }
    /// Increments of it can be planned.
    public var makesIncrements: Bool { strategy != .noIncrements && isRecorded }
    /// No full dump of it is to be expected in the catalog.
    public var fullsAreElsewhere: Bool { !makesFulls || skipsFulls }
}

/// When increments go from one level to the next.
///
/// Source: amanda.conf(5), `bumpsize`, `bumppercent`, `bumpdays`, `bumpmult`; Amanda 3.5.1 `server-src/planner.c`.
public struct BumpRule: Equatable, Sendable {
    /// Of the full size; 0: `bytes` counts.
    public var percent = 0
    public var bytes: Int64 = 10 << 20
    /// Runs at one level before the next.
    public var days = 2
    /// By which the threshold grows with each level.
    public var multiplier = 1.5

    public init() {}
}
