// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct AcceptVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Say that a suspect dump is as it should be: the next ones are compared with it.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var run: NamedRun

    @Option(help: "The node whose dump it is.")
    var node: String

    @Option(help: "The configuration, where the disk is suspect in several.")
    var configuration: String?

    @Option(help: "The disk, as the disklist names it.")
    var disk: String

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let name = try run.name
        let options = AcceptCommand.Options(
            node: node, disk: disk, configuration: configuration, isLeased: lease.isLeased)
        return try await withCluster { try await AcceptCommand($0, options).run(name) }
    }
}
