// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Local time to the millisecond, with its offset: `2026-07-30T14:02:11.123+0200`.
enum LogTime {
    static func now() -> String {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        var local = tm()
        localtime_r(&moment.tv_sec, &local)
        let thousandths = String(moment.tv_nsec / 1_000_000)
        let fraction = String(repeating: "0", count: 3 - thousandths.utf8.count) + thousandths
        return text("%Y-%m-%dT%H:%M:%S", local) + ".\(fraction)" + text("%z", local)
    }

    private static func text(_ form: String, _ time: tm) -> String {
        var time = time
        return String(unsafeUninitializedCapacity: 64) { bytes in
            bytes.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress, $0.count, form, &time) }
        }
    }
}
