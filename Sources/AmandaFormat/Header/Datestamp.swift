// SPDX-License-Identifier: Apache-2.0

public import CivilCalendar
import Glibc

/// The name of a run: Amanda's 14 digits `YYYYMMDDhhmmss`, local time.
///
/// Comparing two as text compares them in time, which is how Amanda orders its tapelist.
public struct Datestamp: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    /// `YYYYMMDDhhmmss`.
    public let digits: String
    /// What the digits say.
    public let civil: CivilTime

    /// Nil unless `text` is 14 digits that are a possible date and time of day.
    public init?(_ text: String) {
        guard let civil = CivilTime(digits: text) else { return nil }
        self.civil = civil
        digits = text
    }

    /// Nil for a year that has not four digits.
    public init?(_ civil: CivilTime) {
        guard (0...9999).contains(civil.date.year) else { return nil }
        self.civil = civil
        digits = civil.digits
    }

    /// The digits.
    public var description: String { digits }

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
        var parts = tm()
        parts.tm_year = Int32(civil.date.year - 1900)
        parts.tm_mon = Int32(civil.date.month - 1)
        parts.tm_mday = Int32(civil.date.day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (
            Int32(civil.hour), Int32(civil.minute), Int32(civil.second)
        )
        parts.tm_isdst = -1
        return parts
    }

    /// This machine's local time now.
    public static var now: Datestamp? { Datestamp(localTimeOf: Int64(time(nil))) }

    /// Nil unless the parts are a possible date and time of day, of a year that has four digits.
    public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard let date = CivilDate(year: year, month: month, day: day),
            let civil = CivilTime(date, hour: hour, minute: minute, second: second)
        else { return nil }
        self.init(civil)
    }

    /// The datestamp one second later on the calendar, for moving a run's name on.
    public var nextSecond: Datestamp {
        Datestamp(CivilTime(secondsSince1970: civil.secondsSince1970 + 1)) ?? self
    }

    /// Earlier first.
    public static func < (left: Datestamp, right: Datestamp) -> Bool {
        left.digits < right.digits
    }
}

extension Datestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let datestamp = Datestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no run name")
        }
        self = datestamp
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(digits)
    }
}
