// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Glibc

/// How messages of tar are sorted: amgtar's own expressions, and those of its properties NORMAL, IGNORE and STRANGE.
///
/// POSIX extended regular expressions, searched for in the line. The first that is found decides: those of IGNORE, of NORMAL,
/// of STRANGE, each with amgtar's own, but for those that a property repeats word by word; what none finds is strange. Source:
/// amgtar(8), and seen with amgtar 3.5.1 and a tar that says what it is told.
public struct TarMessageRules: Sendable, Equatable {
    /// Messages that count as any of these.
    var normal: [String] = []
    var ignored: [String] = []
    var strange: [String] = []

    enum Kind: Sendable { case ignored, note, strange }

    private static let ownNormal = [
        "^could not open conf file", "^Elapsed time:", "^Throughput", ": socket ignored$",
        ": File .* shrunk by [0-9][0-9]* bytes, padding with zeros",
        ": Cannot add file .*: No such file or directory$", ": Error exit delayed from previous errors",
        ": directory is on a different filesystem; not dumped",
    ]

    private static let ownIgnored = [": Directory is new$", ": Directory has been renamed"]

    /// Ours alone, and only where no expression of the configuration is found: a file that vanished between tar's listing of
    /// the directory and its reading of the file, and what is left out on purpose. amgtar calls them strange.
    private static let noted = [
        ": file is on a different filesystem; not dumped$",
        ": (File|Directory) removed before we read it$",
        ": (Warning: )?Cannot (stat|open): No such file or directory$",
    ]

    /// Every expression in the order in which they are tried.
    var inOrder: [(expression: String, kind: Kind)] {
        let repeated = Set(normal + ignored + strange)
        func withOwn(_ own: [String], _ set: [String], _ kind: Kind) -> [(String, Kind)] {
            (set + own.filter { !repeated.contains($0) }).map { ($0, kind) }
        }
        return withOwn(Self.ownIgnored, ignored, .ignored) + withOwn(Self.ownNormal, normal, .note)
            + withOwn([], strange, .strange) + withOwn(Self.noted, [], .note)
    }

    /// - Throws: `DumpError.badProperty` for what is no regular expression.
    static func checked(_ expressions: [String], of property: String) throws(DumpError) -> [String] {
        for expression in expressions where CompiledExpression(expression) == nil {
            let bound =
                ExpressionSize(of: expression).isBounded
                ? ""
                : " of at most \(ExpressionSize.greatestAtomCount) letters, repetitions written out, and without \"\\1\""
            throw .badProperty(
                name: property, value: expression, expected: "POSIX extended regular expressions\(bound)")
        }
        return expressions
    }
}

/// The rules, ready for many lines. Used on one thread at a time.
final class TarMessageSorter {
    private let rules: [(CompiledExpression, TarMessageRules.Kind)]

    init(_ rules: TarMessageRules = TarMessageRules()) {
        self.rules = rules.inOrder.compactMap { rule in
            CompiledExpression(rule.expression).map { ($0, rule.kind) }
        }
    }

    func kind(of line: String) -> TarMessageRules.Kind {
        rules.first { $0.0.isFound(in: line) }?.1 ?? .strange
    }
}

/// A POSIX extended regular expression, compiled once. Owned by one thread at a time, and freed exactly once.
final class CompiledExpression {
    private var compiled: regex_t

    /// Nil when `pattern` is no regular expression, or one without a bound.
    init?(_ pattern: String) {
        guard ExpressionSize(of: pattern).isBounded else { return nil }
        var attempt = regex_t()
        guard regcomp(&attempt, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
        compiled = attempt
    }

    deinit {
        regfree(&compiled)
    }

    func isFound(in text: String) -> Bool {
        regexec(&compiled, text, 0, nil, 0) == 0
    }
}
