// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Saturation

/// A plan in the making.
struct PlanDraft {
    let planner: Planner
    /// What is to be dumped.
    var queue: [DiskState] = []
    var leftOut: [DiskLeftOut] = []
    var warnings: [String] = []
    var infoUpdates: [DiskName: Info] = [:]
    var settings: PlannerSettings { planner.settings }

    init(_ planner: Planner) {
        self.planner = planner
    }

    mutating func add(_ state: DiskState, _ estimate: SizeEstimate?) {
        var state = state
        warnings += state.warnings
        if state.isInfoChanged { infoUpdates[state.name] = state.info }
        if state.isLeftOut { return leave(state, .skipsFull) }
        if case .failed(let why) = estimate { return leave(state, .estimateFailed(why)) }
        state.sizes = sizes(of: state, estimate)
        guard state.chooseLevel() else { return leave(state, .unknownSize) }
        queue.append(state)
    }

    mutating func leave(_ state: DiskState, _ cause: DiskLeftOut.Cause) {
        leftOut.append(DiskLeftOut(name: state.name, cause: cause))
    }

    /// What was looked up, else what curinfo remembers, else for `estimate server` a guess.
    private func sizes(of state: DiskState, _ estimate: SizeEstimate?) -> [Int: Int64] {
        var found: [Int: Int64] = [:]
        if case .sizes(let sizes) = estimate { found = sizes }
        var sizes: [Int: Int64] = [:]
        for level in state.levelsInQuestion {
            sizes[level] = found[level] ?? state.info.historicKiB(level: level)?.bytesOfKibibytes
            if sizes[level] == nil, !state.schedule.mayLook { sizes[level] = guess(level, sizes[0]) }
        }
        return sizes
    }

    /// Source: Amanda 3.5.1, `estimate server` without history: 1,000,000 KiB, increments half of the full or 100,000.
    private func guess(_ level: Int, _ full: Int64?) -> Int64 {
        level == 0
            ? min(1_000_000 << 10, settings.capacityBytes / 2) : min(100_000 << 10, (full ?? .max) / 2)
    }

    /// Highest priority first, of one priority the largest.
    mutating func sort() {
        queue = queue.enumerated().sorted { left, right in
            let (one, other) = (left.element, right.element)
            if one.priority != other.priority { return one.priority > other.priority }
            let (size, otherSize) = (one.storedBytes(level: one.level), other.storedBytes(level: other.level))
            return (size ?? 0, right.offset) > (otherSize ?? 0, left.offset)
        }.map(\.element)
    }

    /// `skip-incr`: only those whose full dump is due are dumped.
    mutating func dropSkippedIncrements() {
        for state in queue where state.schedule.skipsIncrements && state.level > 0 {
            leave(state, .skipsIncrement)
        }
        queue.removeAll { $0.schedule.skipsIncrements && $0.level > 0 }
    }
}

/// Sums.
extension PlanDraft {
    /// A dump's bytes with what its header and mark take.
    func bytes(_ state: DiskState, level: Int) -> Int64 {
        saturated(state.storedBytes(level: level) ?? 0, settings.overheadBytesPerDump)
    }

    var totalBytes: Int64 { queue.reduce(0) { saturated($0, bytes($1, level: $1.level)) } }

    var fullBytes: Int64 {
        queue.reduce(0) { $1.level == 0 ? saturated($0, $1.storedBytes(level: 0) ?? 0) : $0 }
    }

    /// What full dumps would take each run if they were even.
    var balancedBytes: Int64 {
        let runs = Double(settings.runsPerCycle)
        let cycle = Double(max(1, settings.dumpcycleDays))
        let sum = queue.reduce(0.0) { sum, state in
            guard !state.schedule.fullsAreElsewhere else { return sum }
            let full = Double(state.fullStoredBytes)
            if !state.schedule.makesIncrements || state.schedule.dumpcycleDays == 0 { return sum + full }
            return sum + full * cycle / Double(state.schedule.dumpcycleDays) / runs
        }
        return Int64(saturating: sum)
    }

    func saturated(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// The result.
extension PlanDraft {
    var plan: Plan {
        var plan = Plan()
        plan.dumps = queue.map(plannedDump)
        plan.leftOut = leftOut
        plan.totalStoredBytes = totalBytes
        plan.fullStoredBytes = fullBytes
        plan.balancedBytes = balancedBytes
        plan.capacityBytes = settings.capacityBytes
        plan.upcoming = upcoming
        plan.infoUpdates = infoUpdates
        plan.warnings = warnings + overdueWarnings
        return plan
    }

    private func plannedDump(_ state: DiskState) -> PlannedDump {
        PlannedDump(
            name: state.name, dump: state.expected(level: state.level, settings), reason: state.reason,
            degraded: degraded(state).map { state.expected(level: $0, settings) }, priority: state.priority,
            daysUntilFull: state.level == 0 ? state.schedule.dumpcycleDays : state.daysUntilFull)
    }

    private func degraded(_ state: DiskState) -> Int? {
        state.level > 0 ? state.level : state.schedule.skipsIncrements ? nil : state.increment?.level
    }

    /// Those of this run are due again a dumpcycle later.
    private var upcoming: [Plan.UpcomingDay] {
        var days: [Int: Plan.UpcomingDay] = [:]
        for state in queue where !state.schedule.fullsAreElsewhere {
            let ahead = max(1, state.level == 0 ? state.schedule.dumpcycleDays : state.daysUntilFull)
            var day = days[ahead] ?? .init(daysAhead: ahead, count: 0, storedBytes: 0)
            day.count += 1
            day.storedBytes = saturated(day.storedBytes, state.fullStoredBytes)
            days[ahead] = day
        }
        return days.values.sorted { $0.daysAhead < $1.daysAhead }
    }

    private var overdueWarnings: [String] {
        queue.compactMap { state in
            guard state.level > 0, state.fullIsDue, case .delayed = state.reason else { return nil }
            return state.daysUntilFull < 0
                ? "\(state.name): its full dump is overdue by \(count(-state.daysUntilFull, "day")) and is delayed again"
                : nil
        }
    }
}
