// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct FlushVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Send what lies on the nodes' holding disks to volumes; nothing is dumped.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var selection: SelectionOptions

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let options = RunOptions(
            nodes: selection.node, configurations: selection.configuration, isLeased: lease.isLeased)
        return try await withCluster { try await FlushCommand($0, options).run() }
    }
}
