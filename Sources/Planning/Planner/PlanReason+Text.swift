// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Saturation

extension PlanReason: CustomStringConvertible {
    /// In plain words, for `plan` and logs.
    public var description: String {
        switch self {
        case .forced(let command): "forced by amadmin \(command)"
        case .newDisk: "new: never dumped"
        case .noBase(let why): "full: \(why)"
        case .everyRun(let why): "full every run: \(why)"
        case .due(let days, let cycle):
            "full is due: the last was \(count(days, "day")) ago, dumpcycle \(count(cycle, "day"))"
        case .promoted(let promotion): promotion.description
        case .renewed(let label):
            "renewed: what it builds upon lies on volume '\(label)', which the next run has to overwrite"
        case .delayed(let bytes, let capacity, let isAlone):
            "delayed: a full dump of \(byteText(bytes)) does not fit "
                + (isAlone ? "" : "beside the others ") + "into the \(byteText(capacity)) of one run"
        case .afterFull: "level 1 follows a full dump"
        case .noFulls: "strategy nofull: always level 1"
        case .stays(let level, let why): "stays at level \(level): \(why)"
        case .bumped(let level, let saved, let threshold):
            "bumped to level \(level): saves \(byteText(saved)), threshold \(byteText(threshold))"
        case .afterSuspect: "the last dump is suspect, and nothing is built on it"
        case .restarted(let from, let level):
            "level \(level): what level \(from) would build upon is gone"
        }
    }
}

extension PlanReason.StayReason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .runs(let runs, let needed): "\(count(runs, "run")) there, bumpdays \(needed)"
        case .small(let bytes, let threshold):
            "its \(byteText(bytes)) are not above the threshold of \(byteText(threshold))"
        case .saves(let bytes, let threshold):
            "the next would save \(byteText(bytes)), threshold \(byteText(threshold))"
        case .highest: "there is no higher one"
        case .unknown: "the size of the next is not known"
        }
    }
}

extension PlanPromotion: CustomStringConvertible {
    public var description: String {
        "promoted from \(weekday): \(byteText(dayBytes)) of full dumps fall on that day and "
            + "\(byteText(todayBytes)) on this run, where \(byteText(balancedBytes)) would be even"
    }
}

extension DiskLeftOut: CustomStringConvertible {
    /// Why, without the disk's name; what to do about it.
    public var text: FaultText {
        switch cause {
        case .skipsFull: "left out: a full dump is due, and skip-full says that it is made by other means"
        case .skipsIncrement: "left out: no full dump is due, and skip-incr is set"
        case .estimateFailed(let why): "its size could not be found out: \(why)"
        case .unknownSize: "its size is not known"
        case .tooLarge(let bytes, let level, let capacity, let hasIncrement):
            FaultText(
                "\(level == 0 ? "a full dump" : "even level \(level)") of \(byteText(bytes)) does not fit into the "
                    + "\(byteText(capacity)) that one run may store"
                    + (hasIncrement ? "" : ", and there is no increment to make instead"),
                hint:
                    "raise length of the tapetype, runtapes or maxdumpsize, or split the disk into several entries."
            )
        case .noRoom(let bytes, let level, let capacity):
            FaultText(
                "level \(level) of \(byteText(bytes)) does not fit beside the others into the "
                    + "\(byteText(capacity)) of this run",
                hint:
                    "raise length of the tapetype, runtapes or maxdumpsize, or give it a higher priority.")
        }
    }

    public var description: String { "\(name): \(text)" }
}

/// `3.2 GiB`.
func byteText(_ bytes: Int64) -> String {
    var (value, unit) = (Double(bytes), "B")
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] where abs(value) >= 1024 {
        (value, unit) = (value / 1024, larger)
    }
    if unit == "B" || abs(value) >= 100 { return "\(Int64(saturating: value)) \(unit)" }
    let tenths = Int64(saturating: value * 10)
    return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(abs(tenths % 10)) \(unit)"
}

/// `1 day`, `7 days`.
func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}
