// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a settings file, with file, line and column, and the path of the field.
///
/// No case carries a field's text unless the reader was told that it may be shown.
public enum SettingsError: Error, Sendable, Hashable {
    /// The file is not JSON.
    case syntax(file: String, JSONPosition, String)
    /// The same key stands twice in one object.
    case duplicateKey(file: String, JSONPosition, path: String, first: JSONPosition)
    /// A field holds another kind of value. `expected` and `found` carry their articles.
    case wrongType(file: String, JSONPosition, path: String, expected: String, found: String)
    /// A required field is not there; `lookalike` is an unknown key beside it that may have been meant.
    case missing(file: String, JSONPosition, path: String, lookalike: String?)
    /// Keys that nobody reads.
    case unknownKeys(file: String, [UnknownSettingsKey])
    /// A field of the right kind whose value cannot be used.
    case badValue(file: String, JSONPosition, path: String, reason: String, hint: String?)
}

/// A key that nobody reads, and the one that was perhaps meant.
public struct UnknownSettingsKey: Sendable, Hashable {
    /// Where it stands.
    public let position: JSONPosition
    /// Its path: `storage.bukcet`.
    public let path: String
    /// The nearest key that is known there.
    public let nearest: String?
}

extension SettingsError: CustomStringConvertible {
    public var description: String {
        guard let hint else { return facts }
        return "\(facts)\nhint: \(hint)"
    }

    /// The first line or, for several unknown keys, lines.
    private var facts: String {
        switch self {
        case .syntax(let file, let position, let what):
            "\(at(file, position)) \(what)"
        case .duplicateKey(let file, let position, let path, let first):
            "\(at(file, position)) '\(path)' stands twice, first in line \(first.line)"
        case .wrongType(let file, let position, let path, let expected, let found):
            "\(at(file, position)) \(subject(path)) must be \(expected), found \(found)"
        case .missing(let file, let position, let path, _):
            "\(at(file, position)) '\(path)' is missing"
        case .unknownKeys(let file, let keys):
            keys.map { "\(at(file, $0.position)) unknown key '\($0.path)'" }.joined(separator: "\n")
        case .badValue(let file, let position, let path, let reason, _):
            "\(at(file, position)) \(subject(path)) \(reason)"
        }
    }

    private var hint: String? {
        switch self {
        case .syntax, .wrongType:
            nil
        case .duplicateKey:
            "remove one of the two."
        case .missing(_, _, let path, let lookalike):
            lookalike.map { "the key '\($0)' beside it is unknown: write '\(lastKey(of: path))' instead." }
        case .unknownKeys(_, let keys):
            unknownKeysHint(keys)
        case .badValue(_, _, _, _, let hint):
            hint
        }
    }

    private func unknownKeysHint(_ keys: [UnknownSettingsKey]) -> String {
        let advice = keys.compactMap { key in
            key.nearest.map { "write '\($0)' for '\(lastKey(of: key.path))'" }
        }
        return advice.isEmpty ? "remove it." : advice.joined(separator: ", ") + "."
    }
}

private func at(_ file: String, _ position: JSONPosition) -> String {
    "\(file):\(position.line):\(position.column):"
}

private func subject(_ path: String) -> String {
    path.isEmpty ? "the file" : "'\(path)'"
}

private func lastKey(of path: String) -> Substring {
    path.split(separator: ".").last ?? ""
}
