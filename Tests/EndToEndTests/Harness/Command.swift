// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How a program ended and what it said.
struct CommandResult: Sendable {
    let arguments: [String]
    /// The exit code; the signal's number, negative, when a signal ended it.
    let exit: Int32
    /// Standard output.
    let output: String
    /// Standard error.
    let errors: String

    var text: String { output + errors }
}

extension CommandResult: CustomStringConvertible {
    var description: String {
        """
        `\(arguments.joined(separator: " "))` ended with \(exit)
        \(output.suffix(6000))\(errors.suffix(6000))
        """
    }
}

/// Why a program's work cannot be used.
enum CommandError: Error, CustomStringConvertible {
    case failed(CommandResult)
    case timeLimit([String], Duration, String)
    case never(String, Duration)

    var description: String {
        switch self {
        case .failed(let result): "\(result)"
        case .timeLimit(let arguments, let limit, let text):
            "`\(arguments.joined(separator: " "))` was still running after \(limit)\n\(text.suffix(6000))"
        case .never(let what, let limit): "not within \(limit): \(what)"
        }
    }
}

/// Runs a program to its end.
func command(
    _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
    input: String? = nil, limit: Duration = .hang
) async throws -> CommandResult {
    let output = "\(FileManager.default.temporaryDirectory.path)/amfleet-command-\(UUID().uuidString)"
    defer {
        for end in ["out", "err"] { try? FileManager.default.removeItem(atPath: "\(output).\(end)") }
    }
    return try await RunningProgram(
        arguments, environment: environment, directory: directory, input: input, output: output
    ).end(within: limit)
}

/// Runs a program that must succeed, and returns its standard output.
@discardableResult
func successful(
    _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
    input: String? = nil, limit: Duration = .hang
) async throws -> String {
    let result = try await command(
        arguments, environment: environment, directory: directory, input: input, limit: limit)
    guard result.exit == 0 else { throw CommandError.failed(result) }
    return result.output
}

/// Runs a shell script that must succeed; `parameters` are its `$1`, `$2`, ….
@discardableResult
func script(
    _ text: String, _ parameters: [String] = [], environment: [String: String] = [:],
    limit: Duration = .hang
) async throws -> String {
    try await successful(
        ["/bin/bash", "-euo", "pipefail", "-c", text, "script"] + parameters, environment: environment,
        limit: limit)
}
