// SPDX-License-Identifier: Apache-2.0

/// Amanda's own brace expansion, as `chg-multi:` uses it: `slot-{01..10}`, `{a,b}{1..3}`.
///
/// `{a,b}` gives alternatives; `1..3` among them a rising range, padded with zeros to the length of its first
/// number; braces beside one another multiply, the last one runs fastest. `\` makes the next character plain.
/// Anything else between the dots (`a..c`, `3..1`, `-1..2`) is no range and stands for itself, as in Amanda.
/// Amanda does not nest braces (`{a,{b,c}}` comes out garbled): refused here.
/// Source: Amanda 3.5.1 `common-src/amutil.c`, `expand_braced_alternates`; each rule seen with its Perl binding.
enum BraceExpansion {
    /// More names than any changer has slots.
    static let greatestCount = 10_000
    /// Of all names together.
    private static let greatestByteCount = 16 << 20

    /// Why a pattern cannot be expanded.
    enum Failure: Error, Hashable {
        case unclosed, unopened, nested, tooMany, emptyLast

        var text: String {
            switch self {
            case .unclosed: "a '{' is not closed"
            case .unopened: "a '}' closes nothing"
            case .nested: "braces within braces, which Amanda does not expand"
            case .tooMany: "more than \(greatestCount) names"
            case .emptyLast: "nothing between a ',' and the '}' after it, which Amanda does not expand"
            }
        }
    }

    static func names(of pattern: String) throws(Failure) -> [String] {
        var (names, plain) = ([""], "")
        var characters = pattern[...]
        while let character = characters.popFirst() {
            switch character {
            case "{":
                names = try joined(names, plain, try alternatives(&characters))
                plain = ""
            case "}": throw .unopened
            case "\\": plain.append(characters.popFirst() ?? "\\")
            default: plain.append(character)
            }
        }
        return try joined(names, plain, [""])
    }

    private static func joined(
        _ names: [String], _ plain: String, _ alternatives: [String]
    ) throws(Failure) -> [String] {
        let longest = [names, alternatives].reduce(plain.utf8.count) {
            $0 + ($1.map(\.utf8.count).max() ?? 0)
        }
        let count = names.count * alternatives.count
        guard count <= greatestCount, count * longest <= greatestByteCount else { throw .tooMany }
        return names.flatMap { name in alternatives.map { name + plain + $0 } }
    }

    /// What stands up to the closing brace.
    private static func alternatives(_ characters: inout Substring) throws(Failure) -> [String] {
        var alternatives: [String] = []
        var current = ""
        while let character = characters.popFirst() {
            switch character {
            case "}":
                guard !current.isEmpty || alternatives.isEmpty else { throw .emptyLast }
                return try alternatives + range(current)
            case ",":
                alternatives += try range(current)
                guard alternatives.count <= greatestCount else { throw .tooMany }
                current = ""
            case "{":
                throw .nested
            case "\\":
                current += String(characters.popFirst() ?? "\\")
            default:
                current.append(character)
            }
        }
        throw .unclosed
    }

    private static func range(_ text: String) throws(Failure) -> [String] {
        let bounds = text.split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
        guard bounds.count == 2, bounds.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
            let first = Int(bounds[0]), let last = Int(bounds[1]), first <= last
        else { return [text] }
        guard last - first < greatestCount else { throw .tooMany }
        return (first...last).map { number in
            let digits = String(number)
            return String(repeating: "0", count: max(0, bounds[0].utf8.count - digits.utf8.count)) + digits
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
