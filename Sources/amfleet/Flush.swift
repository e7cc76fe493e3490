// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct FlushVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Send what lies on the nodes' holding disks to volumes; nothing is dumped.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this node; may be repeated.")
    var node: [String] = []

    @Option(help: "Only this configuration; may be repeated.")
    var configuration: [String] = []

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    func report() async throws -> any CommandReport {
        let options = RunOptions(nodes: node, configurations: configuration, isLeased: !noLease)
        return try await withCluster { try await FlushCommand($0, options).run() }
    }
}
