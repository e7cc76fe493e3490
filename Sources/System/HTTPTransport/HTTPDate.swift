// SPDX-License-Identifier: Apache-2.0

import CivilCalendar

/// The date of HTTP's headers, e.g. `Mon, 23 Nov 2026 08:12:14 GMT` (RFC 9110, IMF-fixdate).
public enum HTTPDate {
    /// Seconds since 1970; nil if `text` is not such a date.
    public static func secondsSince1970(_ text: String) -> Int64? {
        let fields = text.split(separator: " ")
        guard fields.count == 6, fields[0].hasSuffix(","), fields[5] == "GMT", let day = Int(fields[1]),
            let month = monthNames.firstIndex(of: fields[2]),
            let year = Int(fields[3]), (1970...9999).contains(year),
            let date = CivilDate(year: year, month: month + 1, day: day)
        else { return nil }
        let clock = fields[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3 else { return nil }
        return CivilTime(date, hour: clock[0], minute: clock[1], second: clock[2])?.secondsSince1970
    }

    private static let monthNames: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
