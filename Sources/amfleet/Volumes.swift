// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct VolumesVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "volumes",
        abstract: "What lies in every slot of every node, and when it is overwritten.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var selection: SelectionOptions

    func report() async throws -> any CommandReport {
        try await withCluster {
            try await VolumesCommand($0, nodes: selection.node, configurations: selection.configuration).run()
        }
    }
}
