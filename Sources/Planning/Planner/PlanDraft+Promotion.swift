// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// Brings full dumps forward, so that each run has its share.
///
/// Source: Amanda 3.5.1 `server-src/planner.c`, `promote_highest_priority_incremental`, `promote_hills`.
extension PlanDraft {
    /// Deviation from even load that is let pass.
    private static let tolerance = 0.05

    mutating func promote() {
        if settings.levelsHills { levelHills() }
        let balanced = Double(balancedBytes)
        while balanced - Double(fullBytes) > balanced * Self.tolerance {
            guard let index = best(Double(balancedBytes)) else { break }
            promote(index)
        }
        if !queue.contains(where: { $0.level == 0 }), let index = fromHighestHill() { promote(index) }
    }

    /// Beyond stock Amanda: what fell on one day together, such as after a run that failed, is taken apart. Amanda's own
    /// rule fills each run with small disks up to the even load, and leaves large ones together for ever.
    private mutating func levelHills() {
        let balanced = Double(balancedBytes)
        while Double(fullBytes) < balanced * (1 - Self.tolerance), let index = fromHillAboveToday() {
            promote(index)
        }
    }

    /// The largest disk of the highest hill that makes this run lower than the hill was.
    private func fromHillAboveToday() -> Int? {
        let total = totalBytes
        let today = fullBytes
        let hills = hills.filter {
            Double($0.storedBytes) > Double(balancedBytes) * 1.5 && $0.count > 1 && $0.daysAhead <= 2
        }
        for hill in hills.sorted(by: { ($0.storedBytes, $1.daysAhead) > ($1.storedBytes, $0.daysAhead) }) {
            let found = queue.indices.filter { index in
                queue[index].daysUntilFull == hill.daysAhead && canPromote(queue[index], total: total)
                    && saturated(today, queue[index].fullStoredBytes) <= hill.storedBytes
                        - queue[index].fullStoredBytes
            }.max { queue[$0].fullStoredBytes < queue[$1].fullStoredBytes }
            if let found { return found }
        }
        return nil
    }

    private mutating func promote(_ index: Int) {
        let state = queue[index]
        let day = queue.filter { $0.level > 0 && $0.daysUntilFull == state.daysUntilFull }
        queue[index].reason = .promoted(
            PlanPromotion(
                daysAhead: state.daysUntilFull, weekday: planner.run.weekday(after: state.daysUntilFull),
                dayBytes: day.reduce(0) { saturated($0, $1.fullStoredBytes) }, todayBytes: fullBytes,
                balancedBytes: balancedBytes))
        queue[index].level = 0
    }

    /// Those whose day has many full dumps of its host, of them the one that is due soonest.
    private func best(_ balanced: Double) -> Int? {
        let total = totalBytes
        let full = Double(fullBytes)
        let counts = DayCounts(queue)
        var best: (index: Int, score: Int)?
        for index in queue.indices where canPromote(queue[index], total: total) {
            let state = queue[index]
            if full + Double(state.fullStoredBytes) > balanced * (1 + Self.tolerance), counts.today > 0 {
                continue
            }
            if counts.byDay[state.daysUntilFull] == 1, counts.today == 0 { continue }
            let score = counts.score(state, dumpcycleDays: settings.dumpcycleDays)
            if best.map({ score > $0.score }) ?? true { best = (index, score) }
        }
        return best?.index
    }

    private func canPromote(_ state: DiskState, total: Int64) -> Bool {
        guard state.level > 0, !state.schedule.fullsAreElsewhere,
            (1...max(1, state.schedule.maxPromoteDays)).contains(state.daysUntilFull),
            state.schedule.maxPromoteDays > 0, state.sizes[0] != nil
        else { return false }
        return saturated(total - bytes(state, level: state.level), bytes(state, level: 0))
            <= settings.capacityBytes
    }

    private func fromHighestHill() -> Int? {
        let total = totalBytes
        let order = hills.filter { $0.count > 1 && $0.daysAhead < settings.dumpcycleDays }
            .sorted { ($0.storedBytes, $1.daysAhead) > ($1.storedBytes, $0.daysAhead) }
        for hill in order {
            let found = queue.indices.first {
                queue[$0].daysUntilFull == hill.daysAhead && canPromote(queue[$0], total: total)
            }
            if let found { return found }
        }
        return nil
    }
}

extension PlanDraft {
    /// Full dumps by the day on which they fall due.
    private var hills: [Plan.UpcomingDay] {
        var hills: [Int: Plan.UpcomingDay] = [:]
        for state in queue
        where state.level > 0 && !state.schedule.fullsAreElsewhere && state.daysUntilFull > 0 {
            var hill =
                hills[state.daysUntilFull] ?? .init(daysAhead: state.daysUntilFull, count: 0, storedBytes: 0)
            hill.count += 1
            hill.storedBytes = saturated(hill.storedBytes, state.fullStoredBytes)
            hills[state.daysUntilFull] = hill
        }
        return Array(hills.values)
    }
}

/// How many full dumps fall on which day.
private struct DayCounts {
    /// Of this run.
    var today = 0
    var byDay: [Int: Int] = [:]
    private var todayByHost: [String: Int] = [:]
    private var byHostAndDay: [String: [Int: Int]] = [:]

    init(_ queue: [DiskState]) {
        for state in queue {
            if state.level == 0 {
                today += 1
                todayByHost[state.name.host, default: 0] += 1
            } else if !state.isBoundToIncrement || state.bumping == .now {
                byDay[state.daysUntilFull, default: 0] += 1
                byHostAndDay[state.name.host, default: [:]][state.daysUntilFull, default: 0] += 1
            }
        }
    }

    func score(_ state: DiskState, dumpcycleDays: Int) -> Int {
        let today = todayByHost[state.name.host] ?? 0
        let sameDay = byHostAndDay[state.name.host]?[state.daysUntilFull] ?? 0
        let excess = sameDay - today * today
        let nearness = dumpcycleDays - state.daysUntilFull
        return excess >= 0 ? excess * excess + nearness : nearness - today * today
    }
}
