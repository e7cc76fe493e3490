// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct RetryVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run again, under the same name, only the nodes that are not complete.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The run, as 'amfleet list' names it.")
    var run: String

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    func report() async throws -> any CommandReport {
        let name = try RunName(argument: run)
        return try await withCluster { try await RetryCommand($0, isLeased: !noLease).run(name) }
    }
}
