// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults
public import HiddenCharacters

/// What is wrong with a settings file, with file, line and column, and the path of the field.
///
/// No case carries a field's text unless the reader was told that it may be shown.
public enum SettingsError: Fault, Hashable {
    /// The file is not JSON.
    case syntax(file: String, JSONPosition, String)
    /// The file is not UTF-8.
    case notPlain(file: String, TextForm)
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
    let position: JSONPosition
    /// Its path: `storage.bukcet`.
    public let path: String
    /// The nearest key that is known there.
    let nearest: String?
}

extension SettingsError {
    public var kind: FaultKind { .configuration }

    public var place: FaultPlace? {
        switch self {
        case .notPlain(let file, _): FaultPlace(file: file)
        case .syntax(let file, let position, _), .duplicateKey(let file, let position, _, _),
            .wrongType(let file, let position, _, _, _), .missing(let file, let position, _, _),
            .badValue(let file, let position, _, _, _):
            FaultPlace(file: file, line: position.line, column: position.column)
        case .unknownKeys(let file, let keys):
            FaultPlace(
                file: file, line: keys.first?.position.line, column: keys.first?.position.column)
        }
    }

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    /// Each unknown key is a fault of its own.
    public var faults: [any Fault] {
        guard case .unknownKeys(let file, let keys) = self, keys.count > 1 else { return [self] }
        return keys.map { SettingsError.unknownKeys(file: file, [$0]) }
    }

    private var text: FaultText {
        switch self {
        case .notPlain(let file, let form):
            FaultText(
                "the file \(form.fault ?? "cannot be read")", hint: form.mend(file).map { "run: \($0)" })
        case .syntax(_, _, let what): "\(what)"
        case .duplicateKey(_, _, let path, let first):
            FaultText(
                "'\(path)' stands twice, first in line \(first.line)", hint: "remove one of the two.")
        case .wrongType(_, _, let path, let expected, let found):
            "\(subject(path)) must be \(expected), found \(found)"
        case .missing(_, _, let path, let lookalike):
            FaultText(
                "'\(path)' is missing",
                hint: lookalike.map {
                    "the key '\($0)' beside it is unknown: write '\(lastKey(of: path))' instead."
                })
        case .unknownKeys(_, let keys):
            keys.first.map(unknown) ?? "no unknown key"
        case .badValue(_, _, let path, let reason, let hint):
            FaultText("\(subject(path)) \(reason)", hint: hint)
        }
    }
}

private func unknown(_ key: UnknownSettingsKey) -> FaultText {
    FaultText(
        "unknown key '\(key.path)'",
        hint: key.nearest.map { "write '\($0)' for '\(lastKey(of: key.path))'." } ?? "remove it.")
}

private func subject(_ path: String) -> String {
    path.isEmpty ? "the file" : "'\(path)'"
}

private func lastKey(of path: String) -> Substring {
    path.split(separator: ".").last ?? ""
}
