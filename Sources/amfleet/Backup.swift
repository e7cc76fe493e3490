// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct BackupVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Back up every node at once, and judge the set.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this node; may be repeated. The set is then partial.")
    var node: [String] = []

    @Option(help: "Only this configuration; may be repeated. The set is then partial.")
    var configuration: [String] = []

    @Flag(help: "Only say what would be done on every node.")
    var dryRun = false

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let options = RunOptions(nodes: node, configurations: configuration, isLeased: lease.isLeased)
        if dryRun { return try await withCluster { try await BackupCommand($0, options).plan() } }
        return try await withCluster { try await BackupCommand($0, options).run() }
    }
}
