// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The name of a run: Amanda's 14 digits `YYYYMMDDhhmmss`, local time.
///
/// Comparing two as text compares them in time, which is how Amanda orders its tapelist.
public struct Datestamp: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    /// The 14 digits.
    public let description: String

    /// Nil unless `text` is 14 digits that are a possible date and time of day.
    public init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 14, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        guard
            (1...12).contains(number(4..<6)),
            (1...Self.dayCount(year: number(0..<4), month: number(4..<6))).contains(number(6..<8)),
            number(8..<10) < 24, number(10..<12) < 60, number(12..<14) <= 60
        else { return nil }
        description = text
    }

    /// The local time of this machine at `seconds` since 1970; nil outside the years 0001 to 9999.
    public init?(localTimeOf seconds: Int64) {
        var time = time_t(seconds)
        var parts = tm()
        guard localtime_r(&time, &parts) != nil else { return nil }
        self.init(
            year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
    }

    /// Seconds since 1970, the datestamp taken for this machine's local time: what Amanda enters as a dump's date.
    public var secondsOfLocalTime: Int64 {
        var parts = brokenDown
        return Int64(mktime(&parts))
    }

    /// As Amanda's programs tell a time: `Wed Nov 25 20:59:45 UTC 2026`.
    public var longText: String { text("%a %b %e %H:%M:%S %Z %Y") }

    /// `2026-11-25 20:59:45 UTC`.
    public var isoText: String { text("%Y-%m-%d %H:%M:%S %Z") }

    private func text(_ format: String) -> String {
        var parts = brokenDown
        _ = mktime(&parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            let count = strftime(buffer.baseAddress, buffer.count, format, &parts)
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private var brokenDown: tm {
        let digits = Array(description.utf8)
        func number(_ range: Range<Int>) -> Int32 {
            digits[range].reduce(0) { $0 * 10 + Int32($1 - 0x30) }
        }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (
            number(0..<4) - 1900, number(4..<6) - 1, number(6..<8)
        )
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (number(8..<10), number(10..<12), number(12..<14))
        parts.tm_isdst = -1
        return parts
    }

    /// This machine's local time now.
    public static var now: Datestamp? { Datestamp(localTimeOf: Int64(time(nil))) }

    /// Nil unless the parts are a possible date and time of day.
    public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        self.init(
            padded(year, 4) + padded(month, 2) + padded(day, 2) + padded(hour, 2) + padded(minute, 2)
                + padded(second, 2))
    }

    /// The datestamp one second later on the calendar, for moving a run's name on.
    public var nextSecond: Datestamp {
        let digits = Array(description.utf8)
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        var (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        var (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14) + 1)
        if second >= 60 { (minute, second) = (minute + 1, 0) }
        if minute == 60 { (hour, minute) = (hour + 1, 0) }
        if hour == 24 { (day, hour) = (day + 1, 0) }
        if day > Self.dayCount(year: year, month: month) { (month, day) = (month + 1, 1) }
        if month == 13 { (year, month) = (year + 1, 1) }
        return Datestamp(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
            ?? self
    }

    /// Earlier first.
    public static func < (left: Datestamp, right: Datestamp) -> Bool {
        left.description < right.description
    }

    private static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
