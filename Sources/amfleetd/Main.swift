// SPDX-License-Identifier: Apache-2.0

import Agent
import AgentAPI
import ArgumentParser
import BlockingWork
import Descriptors
import Glibc
import HiddenCharacters
import Logging

/// The node's daemon.
@main
struct Amfleetd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amfleetd",
        abstract: "Backs this node up and restores it, for the coordinator of its cluster.",
        version: "amfleetd \(AmfleetVersion.current)")

    @Option(name: .customLong("config"), help: "The node's settings.")
    var settingsFile = AgentSettings.defaultFile

    @Option(
        help: ArgumentHelp(
            "From which level on it logs, whatever the settings say: \(Logger.Level.names).",
            valueName: "level"))
    var logLevel: Logger.Level?

    func run() async throws {
        DescriptorLimit.raise()
        BlockingThread.enforce()
        do {
            try await AgentProgram(settingsFile: settingsFile, logLevel: logLevel).run()
        } catch {
            Self.say("amfleetd: \(error)")
            throw AgentProgram.isUnusable(error) ? ExitCode(Self.unusable) : .failure
        }
    }

    /// Usage or settings: the same number as `amfleet`'s.
    private static let unusable: Int32 = 2

    static func main() async {
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
            say(fullMessage(for: error))
            ProcessEnd.now(unusable)
        }
    }

    /// Line ends in it are ours: an error has a hint.
    private static func say(_ text: String) {
        let bytes = Array("\(text.showingHidden)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
