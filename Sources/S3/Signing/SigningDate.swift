// SPDX-License-Identifier: Apache-2.0

import CivilCalendar
import Glibc

/// The moment at which a request is signed, as SigV4 writes it.
struct SigningDate: Equatable {
    /// `20150830T123600Z`
    let stamp: String

    /// `20150830`
    var day: String { String(stamp.prefix(8)) }

    init(secondsSince1970 seconds: Int64) {
        let digits = CivilTime(secondsSince1970: seconds).digits
        stamp = "\(digits.prefix(8))T\(digits.suffix(6))Z"
    }
}

/// This machine's clock.
enum WallClock {
    /// Seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
