// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import CivilCalendar
import FoundationEssentials
import Saturation

/// A moment on this machine's wall clock: what operators read, and what runs are named by.
///
/// FoundationEssentials knows no time zones; the C library does.
struct LocalTime: Hashable {
    let civil: CivilTime

    /// `date` in the machine's time zone.
    init(_ date: Date) {
        let seconds = Int64(saturating: date.timeIntervalSince1970.rounded(.down))
        civil = Datestamp(localTimeOf: seconds)?.civil ?? CivilTime(secondsSince1970: seconds)
    }

    /// The moment that a run's name says, as wall clock time; no time zone is known.
    init(_ run: RunName) {
        civil = run.civil
    }

    /// `2026-11-23 03:06:00`.
    var text: String {
        let day = "\(civil.date.year)-\(padded(civil.date.month))-\(padded(civil.date.day))"
        return "\(day) \(padded(civil.hour)):\(padded(civil.minute)):\(padded(civil.second))"
    }
}

private func padded(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}
