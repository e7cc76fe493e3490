// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What a command tells: text for people, one JSON document for programs.
///
/// Shape of the JSON: `{"command": …, "format": 1, "result": …}` and the command's own keys beside them; `result` is a
/// `CommandEnding`. With `"result"` other than `complete` there may be an `error` instead of the command's keys.
public protocol CommandReport: Sendable {
    var ending: CommandEnding { get }
    /// For people, without a newline at the end of each.
    var lines: [String] { get }
    /// For programs.
    func document(command: String) throws -> [UInt8]
}

extension CommandReport {
    func document(_ command: String, _ body: some Encodable) throws -> [UInt8] {
        try WireJSON.document(CommandDocument(command: command, result: ending, body: body))
    }
}

extension CommandReport where Self: Encodable {
    public func document(command: String) throws -> [UInt8] { try document(command, self) }
}

/// The envelope of every `--json` document.
struct CommandDocument<Body: Encodable>: Encodable {
    let command: String
    let result: CommandEnding
    let body: Body

    private enum Keys: String, CodingKey {
        case command, format, result
    }

    func encode(to encoder: any Encoder) throws {
        try body.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(WireJSON.format, forKey: .format)
        try container.encode(command, forKey: .command)
        try container.encode(result, forKey: .result)
    }
}

/// Why a command came to nothing, as its `--json` document.
public struct FailureReport: CommandReport {
    private struct Body: Encodable {
        var error: WireError?
        var errors: [WireError]
    }

    public let ending: CommandEnding
    let errors: [WireError]

    public init(_ error: any Error) {
        ending = CommandEnding(of: error)
        errors = WireError.all(of: error)
    }

    public var lines: [String] { lines(after: "") }

    /// For standard error, each fault with its hint.
    ///
    /// - Parameter program: stands before every line of facts.
    public func lines(after program: String) -> [String] {
        errors.flatMap { error in
            error.headline.split(separator: "\n", omittingEmptySubsequences: false).map { program + $0 }
                + (error.hint.map { ["hint: \($0)"] } ?? [])
        }
    }

    public func document(command: String) throws -> [UInt8] {
        try document(command, Body(error: errors.first, errors: errors))
    }
}
