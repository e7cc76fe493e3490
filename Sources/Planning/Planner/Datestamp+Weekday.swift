// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import CivilCalendar

extension Datestamp {
    /// The English name of the day so many days after this one's.
    func weekday(after days: Int) -> String {
        let names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        return names[(((dayNumber + days + 4) % 7) + 7) % 7]
    }

    /// Days from 1970-01-01 on the calendar.
    var dayNumber: Int { civil.date.daysSince1970 }
}
