// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct VolumesVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "volumes",
        abstract: "What lies in every slot of every node, and when it is overwritten.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this node; may be repeated.")
    var node: [String] = []

    @Option(help: "Only this configuration; may be repeated.")
    var configuration: [String] = []

    func report() async throws -> any CommandReport {
        try await withCluster {
            try await VolumesCommand($0, nodes: node, configurations: configuration).run()
        }
    }
}
