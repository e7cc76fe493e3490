// SPDX-License-Identifier: Apache-2.0

import Agent
import AgentAPI
import ArgumentParser
import BlockingWork
import Descriptors
import Logging

/// The daemon.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Be the node's daemon (the default).")

    @Option(name: .customLong("config"), help: "The node's settings.")
    var settingsFile = AgentSettings.defaultFile

    @Option(
        help: ArgumentHelp(
            "From which level on it logs, whatever the settings say: \(Logger.Level.names).",
            valueName: "level"))
    var logLevel: Logger.Level?

    func run() async throws {
        DescriptorLimit.raise()
        MemoryArenas.limit()
        BlockingThread.enforce()
        do {
            try await AgentProgram(settingsFile: settingsFile, logLevel: logLevel).run()
        } catch {
            Amfleetd.say("amfleetd: ", error)
            throw AgentProgram.isUnusable(error) ? ExitCode(Amfleetd.unusable) : .failure
        }
    }
}
