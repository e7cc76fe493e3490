// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct RetryVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run again, under the same name, only the nodes that are not complete.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var run: NamedRun

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let name = try run.name
        return try await withCluster { try await RetryCommand($0, isLeased: lease.isLeased).run(name) }
    }
}
