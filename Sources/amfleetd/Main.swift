// SPDX-License-Identifier: Apache-2.0

import Agent
import AgentAPI
import ArgumentParser
import BlockingWork
import Descriptors
import Faults
import Glibc
import HiddenCharacters
import Logging
import Secret

/// The node's program: without a verb the daemon.
@main
struct Amfleetd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amfleetd",
        abstract: "Backs this node up and restores it, for the coordinator of its cluster.",
        discussion: "Without a subcommand it is the daemon: 'amfleetd --config FILE'.",
        version: "amfleetd \(AmfleetVersion.current)", subcommands: [Serve.self, Bootstrap.self, Adopt.self],
        defaultSubcommand: Serve.self)

    /// Usage or settings: the same number as `amfleet`'s.
    static let unusable: Int32 = 2

    static func main() async {
        CoreDumps.forbid()
        do {
            var command = try parseAsRoot()
            if var daemon = command as? any AsyncParsableCommand {
                try await daemon.run()
            } else {
                try command.run()
            }
            ProcessEnd.now(EXIT_SUCCESS)
        } catch let code as ExitCode {
            ProcessEnd.now(code.rawValue)
        } catch {
            guard exitCode(for: error) != .success else { exit(withError: error) }
            say(lines: fullMessage(for: error))
            let arguments = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
            if arguments.first == Bootstrap.configuration.commandName, arguments.contains("--json") {
                let failure = BootstrapFailure(
                    WireError(
                        .configuration, message(for: error),
                        hint: "'amfleetd bootstrap --help' shows what it takes."))
                try? Bootstrap.print(failure.document())
            }
            ProcessEnd.now(unusable)
        }
    }

    /// The error on a line, its hint on the next.
    static func say(_ start: String, _ error: any Error) {
        guard let faults = (error as? any Fault)?.faults else { return say("\(start)\(error)") }
        for (index, fault) in faults.enumerated() {
            say((index == 0 ? start : "") + fault.headline)
            if let hint = fault.hint { say("hint: \(hint)") }
        }
    }

    /// Lines whose ends are ours.
    static func say(lines: String) {
        for line in lines.split(separator: "\n", omittingEmptySubsequences: false) { say(String(line)) }
    }

    /// One line: nothing in it begins another, or moves a terminal.
    static func say(_ text: String) {
        let bytes = Array("\(text.shownOnOneLine)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
