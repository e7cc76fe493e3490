// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct AcceptVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Say that a suspect dump is as it should be: the next ones are compared with it.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The run, as 'amfleet list' names it.")
    var run: String

    @Option(help: "The node whose dump it is.")
    var node: String

    @Option(help: "The configuration, where the disk is suspect in several.")
    var configuration: String?

    @Option(help: "The disk, as the disklist names it.")
    var disk: String

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    func report() async throws -> any CommandReport {
        let name = try RunName(argument: run)
        let options = AcceptCommand.Options(
            node: node, disk: disk, configuration: configuration, isLeased: !noLease)
        return try await withCluster { try await AcceptCommand($0, options).run(name) }
    }
}
