// SPDX-License-Identifier: Apache-2.0

import Agent
import AgentAPI
import ArgumentParser
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

    func run() async throws {
        try await AgentProgram(settingsFile: settingsFile).run()
    }
}
