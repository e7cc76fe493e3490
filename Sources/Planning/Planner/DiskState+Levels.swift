// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Saturation

/// Which levels come into question, and which is taken.
///
/// Source: Amanda 3.5.1 `server-src/planner.c`, `setup_estimate`, `analyze_estimate`, `pick_inclevel`.
extension DiskState {
    /// Ascending.
    var levelsInQuestion: [Int] {
        guard !isLeftOut else { return [] }
        if isBoundToIncrement { return incrementsInQuestion }
        let fulls = schedule.makesFulls && !schedule.skipsFulls ? [0] : []
        return fulls + incrementsInQuestion
    }

    private var incrementsInQuestion: [Int] {
        guard schedule.makesIncrements, lastLevel >= 0 else { return [] }
        if schedule.strategy == .noFulls { return [1] }
        if lastLevel == 0 { return bumping == .never ? [] : [1] }
        let next = lastLevel < Self.highestLevel ? [lastLevel + 1] : []
        switch bumping {
        case .never: return [lastLevel]
        case .now: return next.isEmpty ? [lastLevel] : next
        case .asRuled: return [lastLevel] + (mayBump ? next : [])
        }
    }

    /// By what the last dump at this level was. Below the threshold it is not asked how small the next level would be.
    private var mayBump: Bool {
        guard let last = info.statistics(level: lastLevel), last.originalKiB > 0 else { return true }
        guard runsAtLevel >= schedule.bump.days else { return false }
        let full = info.statistics(level: 0)?.originalKiB.bytesOfKibibytes
        return last.originalKiB.bytesOfKibibytes > schedule.bump.threshold(level: lastLevel, fullBytes: full)
    }

    /// Takes a level. False: no size is known for any.
    mutating func chooseLevel() -> Bool {
        increment = pickIncrement()
        if fullIsDue, sizes[0] != nil {
            (level, reason) = (0, fullReason ?? dueReason)
        } else if let increment {
            (level, reason) = increment
        } else if sizes[0] != nil {
            (level, reason) = (0, fullReason ?? .noBase(why: "no increment is possible"))
        } else {
            return false
        }
        return true
    }

    private var dueReason: PlanReason {
        .due(daysAgo: schedule.dumpcycleDays - daysUntilFull, dumpcycleDays: schedule.dumpcycleDays)
    }

    private func pickIncrement() -> (level: Int, reason: PlanReason)? {
        guard schedule.makesIncrements, lastLevel >= 0 else { return nil }
        if schedule.strategy == .noFulls { return sizes[1].map { _ in (1, .noFulls) } }
        switch bumping {
        case .never where lastLevel == 0: return nil
        case .never: return sizes[lastLevel].map { _ in (lastLevel, .forced(command: "force-no-bump")) }
        case .now:
            let next = min(lastLevel + 1, Self.highestLevel)
            return sizes[next].map { _ in (next, .forced(command: "force-bump")) }
        case .asRuled where lastLevel == 0: return sizes[1].map { _ in (1, forcedIncrement ?? .afterFull) }
        case .asRuled: return pickByRule()
        }
    }

    private func pickByRule() -> (level: Int, reason: PlanReason)? {
        let next = lastLevel + 1
        guard let size = sizes[lastLevel] else {
            return sizes[next].map { _ in (next, .restarted(from: next, at: next)) }
        }
        let threshold = schedule.bump.threshold(level: lastLevel, fullBytes: sizes[0])
        func stay(_ why: PlanReason.StayReason) -> (level: Int, reason: PlanReason) {
            (lastLevel, forcedIncrement ?? .stays(level: lastLevel, why: why))
        }
        if lastLevel >= Self.highestLevel { return stay(.highest) }
        if runsAtLevel < schedule.bump.days { return stay(.runs(runsAtLevel, of: schedule.bump.days)) }
        if size <= threshold { return stay(.small(bytes: size, threshold: threshold)) }
        guard let nextSize = sizes[next] else { return stay(.unknown) }
        let saved = size.saturatingMinus(nextSize)
        guard saved >= threshold else {
            return stay(.saves(bytes: max(0, saved), threshold: threshold))
        }
        return (next, .bumped(level: next, savedBytes: saved, threshold: threshold))
    }
}

/// Sizes.
extension DiskState {
    /// After compression; nil where the native size is not known.
    func storedBytes(level: Int) -> Int64? {
        sizes[level].map { storedBytes($0, level: level) }
    }

    /// A ratio above 1.1 is a small dump's and says nothing of others.
    private func storedBytes(_ native: Int64, level: Int) -> Int64 {
        guard schedule.isCompressed else { return native }
        let known = level == 0 ? info.full.averageRatio : info.incremental.averageRatio
        let expected = level == 0 ? schedule.expectedFullRatio : schedule.expectedIncrementalRatio
        return max(1, Int64(saturating: Double(native) * min(known ?? expected, 1.1)))
    }

    /// Of a full dump: as estimated, else the last one's.
    var fullStoredBytes: Int64 {
        storedBytes(level: 0) ?? info.statistics(level: 0)?.storedKiB.bytesOfKibibytes ?? 0
    }

    func expected(level: Int, _ settings: PlannerSettings) -> ExpectedDump {
        let rate = (level == 0 ? info.full : info.incremental).averageRate.map { $0 * 1024 }
        return ExpectedDump(
            level: level, since: level == 0 ? nil : info.base(ofLevel: level)?.date,
            nativeBytes: sizes[level] ?? 0,
            storedBytes: storedBytes(level: level) ?? 0,
            bytesPerSecond: rate.flatMap { $0 < 1024 ? nil : $0 } ?? settings.assumedBytesPerSecond)
    }
}
