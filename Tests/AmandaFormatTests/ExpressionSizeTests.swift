// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import AmandaFormat

@Suite(.timeLimit(.minutes(5))) struct ExpressionSizeTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("a|b", 2), ("(ab)c", 3), ("(ab){3}", 6), ("a+", 2), ("(a+)+", 4), ("[a-z]*", 1),
        ("[]a]b", 2), ("[^]a]b", 2), ("[[:digit:]]x", 2), ("[[.].]]x", 2), ("\\{3}", 3), ("\\\\", 1),
        ("a{,4}", 4),
        ("a{2,}", 3), ("a{x}", 3), ("a{}", 2), ("a{3", 2), ("{3}", 0), ("((a{1,255}){1,255})", 65_025),
        ("\u{E9}", 2),
        ("a)b", 3), ("\\", 1), ("[", 1), ("(a", 1),
        // What may be nothing counts with the square.
        ("a*{3}", 9), ("(a?b*){3}", 18), ("(a?b){3}", 6), ("(a|b*){3}", 18), ("(){3}", 9), ("(a|){3}", 9),
        ("(^){2}", 4),
    ])
    func `counts the letters of what is written out`(pattern: String, count: Int) {
        #expect(ExpressionSize(of: pattern).atomCount == count)
    }

    @Test(arguments: [
        "^[A-Z]+-[0-9]{2,}$", "^vertica-[0-9][0-9]*$",
        ": File .* shrunk by [0-9][0-9]* bytes, padding with zeros",
        ": (Warning: )?Cannot (stat|open): No such file or directory$", String(repeating: "a", count: 500),
        "^([A-Za-z0-9_.-]{1,64}-)?[0-9]{14}$",
    ])
    func `what people write is bounded`(pattern: String) {
        #expect(ExpressionSize(of: pattern).isBounded)
    }

    @Test(arguments: [
        "((a{1,255}){1,255}){1,255}", "(((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+",
        "a{9999999999999999999999}",
        String(repeating: "(", count: 3_000) + "a" + String(repeating: "+)", count: 3_000), #"(a)\1"#,
        String(repeating: "a", count: 501), "a*{1,30}{2,}", "()?{1,30}*", "(ab|c*){1,255}*",
    ])
    func `what costs more is not`(pattern: String) {
        #expect(!ExpressionSize(of: pattern).isBounded)
    }

    @Test func `what is bounded is compiled at once`() {
        let pieces = [
            "a", "(", ")", "{1,255}", "{3}", "{2,}", "+", "*", "?", "[a-z]", "[^]]", "|", ".", "\\", "{", "}",
            "^",
        ]
        var generator = SeededGenerator(seed: 124)
        var (compiledCount, refusedCount) = (0, 0)
        for _ in 0..<1_000 {
            let pattern = (0..<Int.random(in: 1...14, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            guard ExpressionSize(of: pattern).isBounded else {
                refusedCount += 1
                continue
            }
            var compiled = regex_t()
            if regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0 {
                compiledCount += 1
                regfree(&compiled)
            }
        }
        #expect(compiledCount > 100 && refusedCount > 10)
    }
}
