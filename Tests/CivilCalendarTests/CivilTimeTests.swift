// SPDX-License-Identifier: Apache-2.0

import CivilCalendar
import Glibc
import Testing

@Suite struct CivilTimeTests {
    @Test func `agrees with the C library on every day of 800 years`() {
        for day in stride(from: -146_097, through: 146_097, by: 1) {
            var seconds = time_t(day) * 86_400 + 45_296
            var parts = tm()
            gmtime_r(&seconds, &parts)
            let time = CivilTime(secondsSince1970: Int64(seconds))
            guard time.date.year == Int(parts.tm_year) + 1900, time.date.month == Int(parts.tm_mon) + 1,
                time.date.day == Int(parts.tm_mday), time.hour == 12, time.minute == 34, time.second == 56,
                time.secondsSince1970 == Int64(seconds), time.date.daysSince1970 == day
            else {
                Issue.record("day \(day): \(time)")
                return
            }
        }
    }

    @Test(arguments: [Int64.min, .min + 1, -1, 0, .max])
    func `every number of seconds is a moment`(seconds: Int64) {
        let time = CivilTime(secondsSince1970: seconds)
        #expect((0..<24).contains(time.hour) && (0..<60).contains(time.second) && !time.digits.isEmpty)
        if seconds > -1_000_000, seconds < 1_000_000 { #expect(time.secondsSince1970 == seconds) }
    }

    @Test(arguments: [Int.min, .max, 1_000_000, -1_000_000])
    func `no date has a year beyond reckoning`(year: Int) {
        #expect(CivilDate(year: year, month: 1, day: 1) == nil)
    }

    @Test(arguments: [
        "20260229000000", "19000229000000", "20261301000000", "20260001000000", "20260100000000",
        "20260431000000", "20260101240000", "20260101006000", "20260101000061", "2026010100000",
        "202601010000000",
        "2026010100000x", "", "２0260101000000",
    ])
    func `there is no such moment`(digits: String) {
        #expect(CivilTime(digits: digits) == nil)
    }

    @Test(arguments: ["20240229235960", "20000229000000", "00000101000000", "99991231235959"])
    func `digits there and back`(digits: String) {
        #expect(CivilTime(digits: digits)?.digits == digits)
    }

    @Test func `a second more goes over the end of a year`() throws {
        let last = try #require(CivilTime(digits: "20261231235959"))
        #expect(CivilTime(secondsSince1970: last.secondsSince1970 + 1).digits == "20270101000000")
    }
}
