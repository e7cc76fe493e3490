// SPDX-License-Identifier: Apache-2.0

import Agent
import AgentAPI
import ArgumentParser
import BlockingWork

/// `amfleetd adopt`: this machine has another name than its disklists say.
struct Adopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Give the disks of a host name that this machine has lost to localhost, in every disklist.",
        discussion: """
            The old entries stay, ignored, so that what was dumped under the old name is still found and restored; the disks go on as \
            localhost's, with full dumps. A copy of each disklist stays beside it.
            """)

    @Option(help: "The node's name in the cluster.")
    var node = "localhost"

    @Option(help: ArgumentHelp("Where Amanda's configurations are.", valueName: "directory"))
    var amandaDirectory = AgentSettings.defaultAmandaDirectory

    @Flag(help: "Only say which host names there are.")
    var dryRun = false

    func run() async throws {
        BlockingThread.enforce()
        let found: (lines: [String], faults: [WireError])
        do {
            found = try await NodeAdoption(
                node: node, amandaDirectory: amandaDirectory, isDryRun: dryRun
            ).run()
        } catch {
            Amfleetd.say("amfleetd adopt: ", error)
            throw ExitCode.failure
        }
        let lines =
            found.lines.isEmpty && found.faults.isEmpty ? ["every host name is this machine's"] : found.lines
        for line in lines { Amfleetd.say(line) }
        for fault in found.faults { Amfleetd.say("error: ", fault) }
        if !found.faults.isEmpty { throw ExitCode(Amfleetd.unusable) }
    }
}
