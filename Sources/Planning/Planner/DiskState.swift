// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Saturation

/// One disk while a plan is made: what it may do, and what it is to do.
struct DiskState {
    let name: DiskName
    let schedule: DumpSchedule
    var info: Info
    /// What remains of its dumps once this run's volumes are taken.
    let chain: RestorableChain?
    /// Of the last dump that can be built upon; -1: none.
    var lastLevel: Int
    /// Runs in a row at `lastLevel`.
    var runsAtLevel: Int
    /// Not above 0: a full dump is due.
    var daysUntilFull: Int
    var priority: Int
    /// Where the full dump that is due does not come from the calendar.
    var fullReason: PlanReason?
    /// Where the level does not come from the calendar.
    var forcedIncrement: PlanReason?
    var isForced = false
    /// An increment is asked for, and made even where a full dump is due, as in Amanda.
    var isBoundToIncrement = false
    /// `amadmin force-bump`, `force-no-bump`.
    var bumping: Bumping = .asRuled
    /// `skip-full` on a day on which a full dump is due.
    var isLeftOut = false
    /// Curinfo was changed by a full dump made by other means.
    var isInfoChanged = false
    var warnings: [String] = []

    /// Native bytes by level.
    var sizes: [Int: Int64] = [:]
    var level = 0
    var reason = PlanReason.newDisk
    /// The level to fall back to, and why it would be that one.
    var increment: (level: Int, reason: PlanReason)?

    enum Bumping { case asRuled, never, now }

    /// The highest level that Amanda knows. Source: Amanda 3.5.1 `common-src/amanda.h`, `DUMP_LEVELS`.
    static let highestLevel = 399

    init(_ disk: PlannerDisk, _ settings: PlannerSettings, now: Int64, overwritten: Set<String>) {
        name = disk.name
        schedule = disk.schedule
        info = disk.info
        priority = disk.schedule.priority
        chain = RestorableChain.newest(
            of: disk.dumps.filter { $0.labels.isDisjoint(with: overwritten) },
            fullsAreElsewhere: disk.schedule.fullsAreElsewhere)
        lastLevel = info.lastLevel
        runsAtLevel = info.consecutiveRuns
        daysUntilFull = schedule.dumpcycleDays
        if let full = info.statistics(level: 0) {
            daysUntilFull -= Self.days(from: full.date, to: now)
        }
        settleBase(disk, now: now)
        obeyCommands(settings, now: now)
        settleStrategy(now: now)
        if daysUntilFull < 0, !isLeftOut, schedule.makesFulls {
            priority = priority.saturatingMinus(daysUntilFull)
        }
    }

    /// Rounded, so that a run that begins a little earlier than the day before is a day later all the same.
    /// Source: seen with Amanda 3.5.1, `planner` with full dumps of many ages.
    static func days(from date: Int64, to now: Int64) -> Int {
        Int(saturating: Double(now.saturatingMinus(date)) / 86_400)
    }

    var hasFull: Bool { info.statistics(level: 0) != nil }
    var fullIsDue: Bool { schedule.makesFulls && daysUntilFull <= 0 }

    /// Looks at what an increment could build upon: curinfo, the catalog and tar's snapshots must agree.
    private mutating func settleBase(_ disk: PlannerDisk, now: Int64) {
        guard schedule.makesFulls, !schedule.skipsFulls else { return settleBaseElsewhere() }
        if !hasFull || lastLevel < 0 { return requireFull(reasonWithoutInfo(disk), now: now) }
        guard let chain else {
            let full = info.statistics(level: 0)?.label
            return requireFull(
                .noBase(
                    why: full.map { "the last one, on volume '\($0)', is overwritten or gone" }
                        ?? "no volume holds the last one"), now: now)
        }
        var usable = chain.topLevel
        if let snapshots = disk.snapshotLevels, schedule.makesIncrements {
            if !snapshots.contains(0) {
                return requireFull(.noBase(why: "tar's snapshot of the last one is missing"), now: now)
            }
            while usable > 0, !snapshots.contains(usable) { usable -= 1 }
        }
        if let suspect = disk.suspectLevel {
            if suspect == 0 { return requireFull(.noBase(why: "the last one is suspect"), now: now) }
            usable = min(usable, suspect - 1)
        }
        restart(at: usable, isSuspect: disk.suspectLevel != nil)
    }

    private func reasonWithoutInfo(_ disk: PlannerDisk) -> PlanReason {
        if disk.dumps.isEmpty { return .newDisk }
        return schedule.isRecorded
            ? .noBase(why: "curinfo knows none") : .everyRun(why: Self.unrecorded)
    }

    private static let unrecorded = "record no keeps no base for increments"

    private mutating func settleBaseElsewhere() {
        if lastLevel < 0 { lastLevel = 0 }
        if !schedule.makesFulls { daysUntilFull = 1 }
        if schedule.skipsFulls, schedule.makesFulls, !hasFull { daysUntilFull = 0 }
    }

    private mutating func restart(at level: Int, isSuspect: Bool) {
        guard lastLevel > level else { return }
        forcedIncrement =
            isSuspect ? .afterSuspect : .restarted(from: lastLevel + 1, at: level + 1)
        lastLevel = level
        runsAtLevel = 0
    }

    /// As for a disk that is new.
    mutating func requireFull(_ reason: PlanReason, now: Int64) {
        fullReason = reason
        lastLevel = -1
        runsAtLevel = 0
        daysUntilFull = -Self.days(from: 0, to: now)
    }

    /// Source: amadmin(8), `force`, `force-level-1`, `force-bump`, `force-no-bump`.
    private mutating func obeyCommands(_ settings: PlannerSettings, now: Int64) {
        if info.command.contains(.force) { return obeyForce(settings, now: now) }
        if lastLevel < 0 || schedule.skipsFulls && daysUntilFull <= 0 { return }
        if info.command.contains(.forceLevel1), schedule.makesIncrements {
            lastLevel = 0
            daysUntilFull = max(daysUntilFull, 0)
            isBoundToIncrement = true
            forcedIncrement = .forced(command: "force-level-1")
        } else if info.command.contains(.forceBump), schedule.makesIncrements {
            bumping = .now
            isBoundToIncrement = true
        } else if info.command.contains(.forceNoBump) {
            bumping = .never
            if lastLevel == 0, schedule.makesFulls {
                daysUntilFull = min(daysUntilFull, 0)
                fullReason = .forced(command: "force-no-bump")
            }
        }
    }

    private mutating func obeyForce(_ settings: PlannerSettings, now: Int64) {
        switch schedule.strategy {
        case .noFulls:
            warnings.append("\(name): amadmin force has no effect: strategy nofull makes no full dump")
            info.command.remove(.force)
            isInfoChanged = true
        case .incrementsOnly:
            enterFullElsewhere(now: now)
        case .standard, .noIncrements:
            guard !schedule.skipsFulls else {
                daysUntilFull = 0
                return
            }
            isForced = true
            fullReason = .forced(command: "force")
            lastLevel = -1
            daysUntilFull = -settings.dumpcycleDays
        }
    }

    private mutating func settleStrategy(now: Int64) {
        if schedule.skipsFulls, fullIsDue {
            isLeftOut = true
            enterFullElsewhere(now: now)
            return
        }
        if schedule.strategy == .noIncrements, !isForced { daysUntilFull = 0 }
        guard schedule.makesFulls, !schedule.makesIncrements || schedule.dumpcycleDays == 0,
            fullReason == nil
        else { return }
        daysUntilFull = min(daysUntilFull, 0)
        fullReason = .everyRun(
            why: schedule.strategy == .noIncrements
                ? "strategy noinc"
                : schedule.isRecorded ? "dumpcycle 0" : Self.unrecorded)
    }

    /// Notes that a full dump was made by other means.
    private mutating func enterFullElsewhere(now: Int64) {
        let size = info.statistics(level: 0)
        info.levels = [
            .init(
                level: 0, originalKiB: size?.originalKiB ?? 0, storedKiB: size?.storedKiB ?? 0, seconds: 0,
                date: now)
        ]
        info.lastLevel = 0
        info.consecutiveRuns = 1
        info.command.remove(.force)
        isInfoChanged = true
        (lastLevel, runsAtLevel, daysUntilFull) = (0, 1, schedule.dumpcycleDays)
    }
}
