// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

/// One of AWS's shared files, read into profiles.
///
/// Shape: `[profile]` lines (`[profile NAME]` in `~/.aws/config`), below them `name = value`; `#` and `;` begin a
/// comment line. Lines that are indented deeper than the one before belong to it (`s3 =`) and mean nothing here.
/// Source: "Configuration and credential file settings" in the user guide of the AWS CLI.
struct ProfileFile {
    /// How profiles are headed.
    enum Kind {
        case credentials
        case configuration
    }

    /// One setting and its line.
    struct Setting: Equatable {
        let value: String
        let path: String
        let line: Int

        var place: String { "\(path):\(line)" }
    }

    private(set) var profiles: [String: [String: Setting]] = [:]

    init(parsing text: String, path: String, kind: Kind) throws(S3Error) {
        var section = Section.none
        var indent = Int.max
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let trimmed = Self.trimmed(line)
            if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix(";") { continue }
            if let hidden = HiddenCharacter(firstIn: line) {
                throw .invalidCredentials(
                    origin: "\(path):\(index + 1):\(hidden.column)",
                    reason: "\(hidden.name) stands here, where nobody sees it", hint: "remove it.")
            }
            if let name = Self.heading(trimmed) {
                section = Section(name, kind)
                indent = Int.max
                continue
            }
            let ownIndent = line.prefix { $0 == " " || $0 == "\t" }.count
            if ownIndent > indent { continue }
            indent = ownIndent
            guard let equals = trimmed.firstIndex(of: "="), section != .none else {
                throw .invalidCredentials(
                    origin: "\(path):\(index + 1)", reason: "neither a [profile] nor 'name = value' under one"
                )
            }
            guard case .profile(let profile) = section else { continue }
            let name = Self.trimmed(trimmed[..<equals]).lowercased()
            profiles[profile, default: [:]][name] = Setting(
                value: Self.trimmed(trimmed[trimmed.index(after: equals)...]), path: path, line: index + 1)
        }
    }

    private enum Section: Equatable {
        case none
        case profile(String)
        /// `[sso-session …]`, `[services …]`
        case other

        init(_ name: String, _ kind: Kind) {
            let words = name.split(maxSplits: 1) { $0 == " " || $0 == "\t" }.map(String.init)
            switch kind {
            case .credentials: self = .profile(name)
            case .configuration where name == "default": self = .profile(name)
            case .configuration where words.first == "profile" && words.count == 2:
                self = .profile(words[1].filter { $0 != "\"" && $0 != "'" })
            case .configuration: self = .other
            }
        }
    }

    /// The text between brackets, if the line is a heading; a comment may follow.
    private static func heading(_ line: String) -> String? {
        guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return nil }
        let rest = trimmed(line[line.index(after: end)...])
        guard rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";") else { return nil }
        return trimmed(line[line.index(after: line.startIndex)..<end])
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let reversed = text.drop(while: isBlank).reversed().drop(while: isBlank)
        return String(String(reversed).reversed())
    }
}
