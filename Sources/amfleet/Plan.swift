// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct PlanVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what the next backup would do on every node, and what cannot fit; nothing is written.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var selection: SelectionOptions

    func report() async throws -> any CommandReport {
        let options = RunOptions(nodes: selection.node, configurations: selection.configuration)
        return try await withCluster { try await BackupCommand($0, options).plan() }
    }
}
