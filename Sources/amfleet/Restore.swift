// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct RestoreVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring a run back onto every node at once.",
        discussion: "Without --run: the newest run that is complete and still there.")

    @OptionGroup var common: CommonOptions

    @Option(help: "The run, as 'amfleet list' names it.")
    var run: String?

    @Option(help: "Only this node; may be repeated.")
    var node: [String] = []

    @Option(help: "Only this configuration; may be repeated.")
    var configuration: [String] = []

    @Option(
        name: .customLong("to"),
        help: ArgumentHelp(
            "Restore to DIR/<node>/<configuration>/<disk> on each node instead of in place.", valueName: "DIR"
        ))
    var directory: String?

    @Flag(help: "Write into directories that hold something.")
    var overwrite = false

    @Flag(help: "Write over what the self-backup brings back.")
    var overwriteSelf = false

    @Option(help: "Write over the disks of this configuration; may be repeated.")
    var overwriteConfiguration: [String] = []

    @Option(help: "Write over this disk, as the disklist names it; may be repeated.")
    var overwriteDisk: [String] = []

    @Flag(help: "Restore the self-backup's amanda-security.conf, whatever it lets run as root.")
    var acceptSecurityFile = false

    @Flag(help: "Remove what the backup does not hold.")
    var delete = false

    @Flag(help: "Begin also where a file system seems to have too little room.")
    var ignoreRoom = false

    @Flag(help: "Let tar run though nothing here keeps it from writing outside the target.")
    var unconfined = false

    @OptionGroup(title: "What lies in Glacier") var thaw: ThawOptions

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    @Option(help: .hidden)
    var map: [String] = []

    @Option(help: .hidden)
    var path: [String] = []

    func validate() throws {
        if !map.isEmpty {
            throw ValidationError(
                "--map is not in this version: a node's data is restored to the node of that name")
        }
        if !path.isEmpty {
            throw ValidationError(
                "--path is not in this version: whole disks are restored, with --to beside the old")
        }
    }

    func report() async throws -> any CommandReport {
        var options = RestoreCommand.Options(
            run: try run.map { try RunName(argument: $0) }, nodes: node, configurations: configuration,
            directory: directory, overwrites: overwrite, deletes: delete, isLeased: !noLease,
            thaw: try thaw.order, ignoresRoom: ignoreRoom)
        options.overwritten = .init(
            selfBackup: overwriteSelf, configurations: overwriteConfiguration, disks: overwriteDisk)
        options.acceptsSecurityFile = acceptSecurityFile
        options.isUnconfined = unconfined
        let chosen = options
        return try await withCluster { try await RestoreCommand($0, chosen).run() }
    }
}
