// SPDX-License-Identifier: Apache-2.0

/// Planning: levels, order, times. Read from the definition when asked for.
extension DumpType {
    /// When which level is due.
    public var schedule: DumpSchedule {
        var schedule = DumpSchedule()
        schedule.strategy = scheduleStrategy
        schedule.dumpcycleDays = dumpcycleDays
        schedule.bump = bump
        schedule.priority = priority
        schedule.maxPromoteDays = Int(block.integer("maxpromoteday"))
        schedule.skipsFulls = block.bool("skip-full")
        schedule.skipsIncrements = block.bool("skip-incr")
        schedule.isRecorded = isRecorded
        schedule.isCompressed = compression != .none
        schedule.expectedFullRatio = expectedFullRatio
        schedule.expectedIncrementalRatio = expectedIncrementalRatio
        schedule.estimateMethods = estimateMethods
        return schedule
    }

    /// `low` 0, `medium` 1, `high` 2, or any number; larger ones go first.
    var priority: Int { Int(block.integer("priority")) }
    /// Dumps of one host that may run at the same time.
    public var maxdumps: Int { Int(block.integer("maxdumps")) }
    /// Expected stored size of an increment by its original size, until history knows better.
    var expectedIncrementalRatio: Double {
        if case .rates(_, let incremental) = block.value("comprate") { incremental } else { 0.5 }
    }
    /// The time of day before which no dump begins, in minutes after midnight; nil: none is set.
    public var startMinute: Int? {
        guard block.isSet("starttime") else { return nil }
        let time = Int(block.integer("starttime"))
        return time / 100 * 60 + time % 100
    }

    /// Stock Amanda knows the word `hanoi`, and plans as for `standard`.
    private var scheduleStrategy: DumpSchedule.Strategy {
        switch strategy {
        case "NOINC": .noIncrements
        case "NOFULL": .noFulls
        case "INCRONLY": .incrementsOnly
        default: .standard
        }
    }

    private var bump: BumpRule {
        var bump = BumpRule()
        bump.percent = Int(block.integer("bumppercent"))
        bump.bytes = block.integer("bumpsize").bytesOfKibibytes
        bump.days = Int(block.integer("bumpdays"))
        bump.multiplier = block.real("bumpmult")
        return bump
    }

    private var estimateMethods: [DumpSchedule.EstimateMethod] {
        guard case .keywords(let words) = block.value("estimate") else { return [.client] }
        return words.map { word in
            switch word {
            case "SERVER": .server
            case "CALCSIZE": .calculation
            default: .client
            }
        }
    }
}
