// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct PlanVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what the next backup would do on every node, and what cannot fit; nothing is written.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this node; may be repeated.")
    var node: [String] = []

    @Option(help: "Only this configuration; may be repeated.")
    var configuration: [String] = []

    func report() async throws -> any CommandReport {
        let options = RunOptions(nodes: node, configurations: configuration)
        return try await withCluster { try await BackupCommand($0, options).plan() }
    }
}
