// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// Why a dump has its level.
public enum PlanReason: Equatable, Sendable {
    /// `amadmin force` and its like, by the name of the command.
    case forced(command: String)
    case newDisk
    /// Nothing in the catalog that an increment could build upon.
    case noBase(why: String)
    case everyRun(why: String)
    /// A full dump is due.
    case due(daysAgo: Int, dumpcycleDays: Int)
    /// Brought forward, so that the load is even.
    case promoted(PlanPromotion)
    /// Brought forward, so that its volume can be overwritten next time.
    case renewed(label: String)
    /// A full dump was due.
    case delayed(fullBytes: Int64, capacity: Int64, isAlone: Bool)
    case afterFull
    case noFulls
    /// As last time.
    case stays(level: Int, why: StayReason)
    case bumped(level: Int, savedBytes: Int64, threshold: Int64)
    /// The last level can no longer be built upon.
    case restarted(from: Int, at: Int)
    /// Nothing is built on a suspect dump.
    case afterSuspect

    /// Why increments keep their level.
    public enum StayReason: Equatable, Sendable {
        case runs(Int, of: Int)
        case small(bytes: Int64, threshold: Int64)
        case saves(bytes: Int64, threshold: Int64)
        case highest
        case unknown
    }
}

/// The figures of a full dump that was brought forward.
public struct PlanPromotion: Equatable, Sendable {
    var daysAhead: Int
    /// `Thursday`.
    var weekday: String
    /// Full dumps that fall on that day, this one included.
    var dayBytes: Int64
    /// Full dumps of this run before it.
    var todayBytes: Int64
    var balancedBytes: Int64
}
