// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
internal import Glibc

/// A POSIX extended regular expression, as Amanda's own `match` uses for labels: searched for, not anchored.
struct ExtendedRegularExpression {
    let pattern: String

    /// Nil when `pattern` is no regular expression, or one without a bound.
    init?(_ pattern: String) {
        guard ExpressionSize(of: pattern).isBounded else { return nil }
        self.pattern = pattern
        var compiled = regex_t()
        guard regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
        regfree(&compiled)
    }

    func isFound(in text: String) -> Bool {
        var compiled = regex_t()
        guard regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
        defer { regfree(&compiled) }
        return regexec(&compiled, text, 0, nil, 0) == 0
    }

    /// The pattern that finds `text` itself.
    static func escaped(_ text: String) -> String {
        String(text.flatMap { ".[]{}()*+?^$|\\".contains($0) ? ["\\", $0] : [$0] })
    }
}
