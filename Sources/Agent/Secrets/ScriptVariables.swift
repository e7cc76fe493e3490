// SPDX-License-Identifier: Apache-2.0

/// What a script of Amanda's sets in lines of its own: where its keys lie, which its comments invite to change.
///
/// Shape: `NAME=value`, `NAME="value"`, `export NAME=value`, `readonly NAME=value`, and in Perl `$NAME = "value";`, `my $NAME='value';`,
/// `$ENV{'NAME'} = "value";`, not indented; a comment may follow. Of several the last counts, as when it runs. Source: Amanda 3.5.1
/// `amcrypt`, `amaespipe`, `amcryptsimple`, `amgpgcrypt`, `amcrypt-ossl`, `amcrypt-ossl-asym`.
struct ScriptVariables: Sendable, Equatable {
    /// What a variable is.
    enum Setting: Sendable, Equatable {
        case unset
        case path(String)
        /// It takes more than words to know; as it is written.
        case unclear(String)
    }

    /// Variables in variables in variables.
    private static let depthLimit = 5
    /// Of a value with all that stands in it: no path is longer (`PATH_MAX`). Whoever wrote the script may be Amanda's user.
    private static let byteCountLimit = 4_096
    /// References in one value: with the depth they bound the work.
    private static let referenceLimit = 4

    private var values: [String: String] = [:]

    init(parsing text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (name, value) = Self.assignment(line) else { continue }
            values[name] = value
        }
    }

    /// A variable's value with those that stand in it put in.
    ///
    /// - Parameters:
    ///   - own: the home of whoever runs it; nil: not known.
    ///   - home: of a user, by name.
    func setting(_ name: String, own: String? = nil, home: (String) -> String?) -> Setting {
        guard let value = values[name] else { return .unset }
        guard let path = expanded(value, own, home, depth: 0), path.hasPrefix("/") else {
            return .unclear(value)
        }
        return .path(path)
    }

    /// The same; nil: the script does not set it, or by more than words.
    func path(_ name: String, own: String? = nil, home: (String) -> String?) -> String? {
        guard case .path(let path) = setting(name, own: own, home: home) else { return nil }
        return path
    }

    /// The home that the script takes for Amanda's; nil: it names none that is known.
    func home(own: String? = nil, _ home: (String) -> String?) -> String? {
        guard let value = values["AMANDA_HOME"] else { return nil }
        return expanded(value, own, home, depth: 0)
    }

    private func expanded(
        _ value: String, _ own: String?, _ home: (String) -> String?, depth: Int
    ) -> String? {
        guard depth < Self.depthLimit else { return nil }
        // Perl: (getpwnam($AMANDA))[7]
        if value.hasPrefix("("), value.contains("getpwnam") { return values["AMANDA"].flatMap(home) }
        var (result, rest) = ("", Self.withoutTilde(value, own, home)?[...])
        guard rest.map({ $0.utf8.count <= Self.byteCountLimit }) ?? false else { return nil }
        var referenceCount = 0
        while let dollar = rest?.firstIndex(of: "$"), let text = rest {
            referenceCount += 1
            guard referenceCount <= Self.referenceLimit else { return nil }
            result += text[..<dollar]
            guard let (name, after) = Self.reference(text[dollar...].dropFirst()) else { return nil }
            let known = values[name].flatMap { expanded($0, own, home, depth: depth + 1) }
            guard let known = known ?? (name == "HOME" && values[name] == nil ? own : nil) else { return nil }
            result += known
            rest = after
        }
        guard let rest else { return nil }
        result += rest
        guard result.utf8.count <= Self.byteCountLimit else { return nil }
        // By bytes: to Swift a mark behind one of them makes another character of it.
        return result.utf8.contains(where: { "$`()*?;|&<>\"'\\".utf8.contains($0) }) ? nil : result
    }

    /// `NAME` or `{NAME}`, and what follows.
    private static func reference(_ text: Substring) -> (name: String, rest: Substring)? {
        let isBraced = text.first == "{"
        let start = isBraced ? text.dropFirst() : text
        let name = start.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let rest = start.dropFirst(name.count)
        guard !name.isEmpty, !isBraced || rest.first == "}" else { return nil }
        return (String(name), isBraced ? rest.dropFirst() : rest)
    }

    private static func withoutTilde(
        _ value: String, _ own: String?, _ home: (String) -> String?
    ) -> String? {
        guard value.hasPrefix("~") else { return value }
        let user = value.dropFirst().prefix { $0 != "/" }
        return (user.isEmpty ? own : home(String(user))).map { $0 + value.dropFirst(1 + user.count) }
    }

    private static func assignment(_ line: Substring) -> (name: String, value: String)? {
        var rest = line
        for start in ["my ", "our ", "export ", "readonly "] where rest.hasPrefix(start) {
            rest = rest.dropFirst(start.count)
        }
        if rest.hasPrefix("$ENV{'") {
            rest = rest.dropFirst(6)
        } else if rest.hasPrefix("$") {
            rest = rest.dropFirst()
        }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        rest = rest.dropFirst(name.count)
        if rest.hasPrefix("'}") { rest = rest.dropFirst(2) }
        rest = rest.drop { $0 == " " }
        guard !name.isEmpty, rest.hasPrefix("="), !rest.hasPrefix("==") else { return nil }
        return (String(name), value(rest.dropFirst().drop { $0 == " " }))
    }

    /// What stands in quotes, where nothing follows them; else the text up to a comment, quotes and all.
    private static func value(_ text: Substring) -> String {
        if let quote = text.first, quote == "\"" || quote == "'" {
            let inside = text.dropFirst().prefix { $0 != quote }
            let after = text.dropFirst(inside.count + 2)
            let isAll = inside.count + 1 < text.count && (after.first.map { " \t;#".contains($0) } ?? true)
            return isAll ? String(inside) : String(text)
        }
        if text.hasPrefix("(") || text.hasPrefix("`") || text.hasPrefix("$(") { return String(text) }
        return String(text.prefix { $0 != " " && $0 != "\t" && $0 != "#" && $0 != ";" })
    }
}
