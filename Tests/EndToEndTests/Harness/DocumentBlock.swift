// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A fenced shell block of a document: settings at its top (`NAME=value`, one a line), then the commands.
struct DocumentBlock: Sendable {
    /// Names of the settings, in order.
    let settings: [String]
    /// Everything after them, as printed.
    let commands: String

    /// The ```` ```sh ```` blocks of one `##` section of `Docs/<document>`, in order.
    static func all(in document: String, section: String) throws -> [DocumentBlock] {
        let text = try String(contentsOfFile: "\(Machine.package)/Docs/\(document)", encoding: .utf8)
        var blocks: [DocumentBlock] = []
        var isInSection = false
        var lines: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if lines != nil, line == "```" {
                blocks.append(DocumentBlock(lines: lines ?? []))
                lines = nil
            } else if lines != nil {
                lines?.append(line)
            } else if line.hasPrefix("## ") {
                isInSection = line == "## \(section)"
            } else if isInSection, line == "```sh" {
                lines = []
            }
        }
        return blocks
    }

    private init(lines: [Substring]) {
        let head = lines.prefix { $0.firstMatch(of: /^[A-Z_]+=/) != nil }
        settings = head.map { String($0.prefix { $0 != "=" }) }
        commands = lines.dropFirst(head.count).joined(separator: "\n")
    }

    /// Runs the commands as printed, in a shell as an administrator has it, with `values` for the settings.
    ///
    /// - Throws: also when a setting has no value, or a value no setting.
    func run(
        _ values: [String: String], environment: [String: String], directory: String
    ) async throws -> String {
        guard Set(values.keys) == Set(settings) else {
            throw CommandError.never("settings \(settings) get values, not \(values.keys.sorted())", .zero)
        }
        let head = settings.map { "\($0)='\(values[$0] ?? "")'\n" }.joined()
        let tools = try (Machine.path(of: "aws") as NSString).deletingLastPathComponent
        return try await successful(
            ["/bin/bash", "-c", "set -e -o pipefail\n\(head)\(commands)\n"],
            environment: environment.merging(["PATH": "\(tools):/usr/sbin:/usr/bin:/sbin:/bin"]) { $1 },
            directory: directory)
    }
}
