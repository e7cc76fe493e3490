// SPDX-License-Identifier: Apache-2.0

extension Datestamp {
    /// The English name of the day so many days after this one's.
    func weekday(after days: Int) -> String {
        let names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        return names[(((dayNumber + days + 4) % 7) + 7) % 7]
    }

    /// Days from 1970-01-01 on the calendar.
    var dayNumber: Int {
        let digits = description.utf8.map { Int($0) - 0x30 }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        // The year begins in March, so that the leap day is its last.
        let shifted = month > 2 ? month - 3 : month + 9
        let years = month > 2 ? year : year - 1
        let leaps = years / 4 - years / 100 + years / 400
        return years * 365 + leaps + (153 * shifted + 2) / 5 + day - 1 - 719_468
    }
}
