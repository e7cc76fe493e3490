// SPDX-License-Identifier: Apache-2.0

/// A date and a time of day as a clock on the wall shows them; no time zone.
public struct CivilTime: Hashable, Sendable {
    public let date: CivilDate
    /// 0 to 23.
    public let hour: Int
    /// 0 to 59.
    public let minute: Int
    /// 0 to 60: a second may be inserted.
    public let second: Int

    /// Nil unless there is such a moment.
    public init?(_ date: CivilDate, hour: Int, minute: Int, second: Int) {
        guard (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second) else {
            return nil
        }
        self.date = date
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// Nil unless `digits` is 14 digits, `YYYYMMDDhhmmss`, of a moment that there is.
    public init?(digits: some StringProtocol) {
        let values = digits.utf8.map { Int($0) - 48 }
        guard values.count == 14, values.allSatisfy((0...9).contains) else { return nil }
        func number(_ range: Range<Int>) -> Int { values[range].reduce(0) { $0 * 10 + $1 } }
        guard let date = CivilDate(year: number(0..<4), month: number(4..<6), day: number(6..<8)) else {
            return nil
        }
        self.init(date, hour: number(8..<10), minute: number(10..<12), second: number(12..<14))
    }

    /// What a clock on UTC shows so many seconds after 1970 began.
    public init(secondsSince1970 seconds: Int64) {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds + 1) / 86_400 - 1
        let rest = Int((seconds % 86_400 + 86_400) % 86_400)
        date = CivilDate(daysSince1970: Int(days))
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
    }

    /// Seconds since 1970 if the clock goes by UTC.
    public var secondsSince1970: Int64 {
        Int64(date.daysSince1970) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    /// `YYYYMMDDhhmmss`; nothing else stands for years of four digits.
    public var digits: String {
        Self.padded(date.year, 4)
            + [date.month, date.day, hour, minute, second].map { Self.padded($0, 2) }.joined()
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
