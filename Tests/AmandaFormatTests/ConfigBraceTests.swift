// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmandaFormat

/// What each pattern becomes was seen with `Amanda::Util::expand_braced_alternates` of Amanda 3.5.1.
@Suite struct ConfigBraceTests {
    @Test(arguments: [
        ("s-{1..3}", "s-1|s-2|s-3"), ("s-{8..11}", "s-8|s-9|s-10|s-11"),
        ("s-{08..11}", "s-08|s-09|s-10|s-11"),
        ("{a,b}{1,2}", "a1|a2|b1|b2"), ("x{3..1}", "x3..1"), ("x{a..c}", "xa..c"), ("x{1}", "x1"),
        ("x{}", "x"),
        ("x\\{1,2\\}", "x{1,2}"), ("{1..3,7}", "1|2|3|7"), ("{001..3}", "001|002|003"), ("{-1..2}", "-1..2"),
        ("a\\,b", "a,b"), ("{a\\,b,c}", "a,b|c"), ("{1 .. 3}", "1 .. 3"), ("a{,b}", "a|ab"), ("{..3}", "..3"),
        ("{1..}", "1.."), ("{01..3}x{a,b}", "01xa|01xb|02xa|02xb|03xa|03xb"), ("{1..2..3}", "1..2..3"),
        ("plain", "plain"), ("{5..5}", "5"),
    ])
    func `expands as Amanda does`(pattern: String, expected: String) throws {
        #expect(try BraceExpansion.names(of: pattern).joined(separator: "|") == expected)
    }

    @Test(arguments: [
        ("{a,{b,c}d}", BraceExpansion.Failure.nested), ("x{1", .unclosed), ("x}", .unopened),
        ("x{1,}", .emptyLast),
        ("{1..99999999}", .tooMany), ("{1..999}{1..999}", .tooMany),
    ])
    func `refuses what Amanda garbles, and what would never end`(
        pattern: String, failure: BraceExpansion.Failure
    ) {
        #expect(throws: failure) { try BraceExpansion.names(of: pattern) }
    }

    /// Amanda's user writes these, and an agent that is root reads them.
    @Test(.timeLimit(.minutes(5))) func `what is written in few bytes takes no more than a changer has`() {
        let ranges = "{" + String(repeating: "1..9999,", count: 20_000) + "1}"
        let long = "{1..9999}" + String(repeating: "x", count: 50_000)
        for pattern in [ranges, long] {
            #expect(throws: BraceExpansion.Failure.tooMany) { try BraceExpansion.names(of: pattern) }
        }
    }
}
