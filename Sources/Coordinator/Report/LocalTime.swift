// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import FoundationEssentials
import Glibc

/// A moment on this machine's wall clock: what operators read, and what runs are named by.
///
/// FoundationEssentials knows no time zones; the C library does.
public struct LocalTime: Sendable, Hashable {
    public var year: Int
    public var month: Int
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int

    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// `date` in the machine's time zone, or in UTC.
    public init(_ date: Date, inUTC: Bool = false) {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var fields = tm()
        if inUTC { gmtime_r(&seconds, &fields) } else { localtime_r(&seconds, &fields) }
        self.init(
            year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday),
            hour: Int(fields.tm_hour), minute: Int(fields.tm_min), second: Int(fields.tm_sec))
    }

    /// The moment that a run's name says, as wall clock time; no time zone is known.
    public init(_ run: RunName) {
        let digits = Array(run.digits.utf8).map { Int($0) - 48 }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        self.init(
            year: number(0..<4), month: number(4..<6), day: number(6..<8), hour: number(8..<10),
            minute: number(10..<12), second: number(12..<14))
    }

    /// `2026-11-23 03:06:00`.
    public var text: String {
        "\(year)-\(padded(month))-\(padded(day)) \(padded(hour)):\(padded(minute)):\(padded(second))"
    }

    /// Seconds since 1970 if the wall clock were UTC's: for differences and for adding seconds.
    var dayClockSeconds: Int {
        // Days from civil, Howard Hinnant's algorithm: years begin in March.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// The same wall clock, so many seconds later, without jumps for summer time.
    func adding(seconds: Int) -> LocalTime {
        LocalTime(Date(timeIntervalSince1970: Double(dayClockSeconds + seconds)), inUTC: true)
    }

    /// The name of a run that begins at this moment; nil for a year that has not four digits.
    public var runName: RunName? {
        let fields = [month, day, hour, minute, second].map(padded).joined()
        return RunName("\(year)\(fields)")
    }
}

private func padded(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}
