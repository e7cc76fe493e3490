// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct ShowVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One run with every node, disk and volume.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var run: NamedRun

    func report() async throws -> any CommandReport {
        let name = try run.name
        return try await withCluster { try await ShowCommand($0).run(name) }
    }
}
