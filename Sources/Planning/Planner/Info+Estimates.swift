// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Saturation

/// What the past says about the next dump.
extension Info.Performance {
    /// The newest three, the newest weighing three, the oldest one; nil without any.
    /// Source: Amanda 3.5.1 `server-src/infofile.c`, `perf_average`.
    static func average(_ values: [String]) -> Double? {
        var (sum, weights) = (0.0, 0.0)
        for (index, text) in values.prefix(3).enumerated() {
            guard let value = Double(text), value >= 0, value.isFinite else { continue }
            sum += value * Double(3 - index)
            weights += Double(3 - index)
        }
        return weights > 0 ? sum / weights : nil
    }

    /// KiB per second.
    var averageRate: Double? { Self.average(rates) }
    /// Stored size by native size.
    var averageRatio: Double? { Self.average(ratios) }
}

extension Info {
    public func statistics(level: Int) -> LevelStatistics? { levels.first { $0.level == level } }

    /// The dump that one at `level` builds upon: the newest of a lower level.
    public func base(ofLevel level: Int) -> LevelStatistics? {
        levels.filter { $0.level < level }.max { $0.date < $1.date }
    }

    /// KiB that a dump at `level` had in like circumstances; nil when there were none.
    ///
    /// Of a full dump the newest; of an increment at the last level the mean of those that came as many runs after
    /// their first; of the next level the mean of first ones; else the newest of that level.
    /// Source: Amanda 3.5.1 `server-src/planner.c`, `estimate server`.
    func historicKiB(level: Int) -> Int64? {
        let newest = statistics(level: level)?.originalKiB
        if level == 0 { return history.first { $0.level == 0 }?.originalKiB ?? newest }
        if level == lastLevel {
            return mean(level: level, position: consecutiveRuns.saturatingPlus(1)) ?? newest
        }
        if level == lastLevel.saturatingPlus(1) { return mean(level: level, position: 1) ?? newest }
        return newest
    }

    /// The mean of the increments that were the `position`th in a row at their level; of the last position
    /// before it that ever occurred.
    private func mean(level: Int, position: Int) -> Int64? {
        var sizes: [Int: [Int64]] = [:]
        var (count, previous) = (0, -1)
        for entry in history.reversed() {
            count = entry.level == previous ? count + 1 : 1
            previous = entry.level
            if entry.level == level, entry.originalKiB >= 0 {
                sizes[count, default: []].append(entry.originalKiB)
            }
        }
        guard let nearest = sizes.keys.filter({ $0 <= position }).max(), let found = sizes[nearest] else {
            return nil
        }
        return found.saturatedSum / Int64(found.count)
    }
}
