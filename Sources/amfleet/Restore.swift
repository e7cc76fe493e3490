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

    @OptionGroup var selection: SelectionOptions

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

    @Flag(help: "Give disks of host names that a machine has lost to localhost, in its disklists.")
    var adopt = false

    @OptionGroup(title: "What the nodes have sealed") var recovery: RecoveryKeyOptions

    @Flag(help: "Put sealed keys back also where others lie; a copy of those stays beside them.")
    var overwriteKeys = false

    @Option(
        help: ArgumentHelp(
            "Put this sealed file back though no program of Amanda's looks for its keys there; may be repeated.",
            valueName: "path"))
    var acceptKey: [String] = []

    @OptionGroup(title: "What lies in Glacier") var thaw: ThawOptions

    @OptionGroup var lease: LeaseOptions

    @Option(
        help: ArgumentHelp(
            "The newest run that had begun by then and can be restored: '2026-11-30 02:00', '2026-11-30T01:00:00Z', or a run's name.",
            valueName: "TIME"))
    var at: String?

    @Option(
        help: ArgumentHelp(
            "A node's data go to the machine of another name; may be repeated. --node names the machines.",
            valueName: "old=new"))
    var map: [String] = []

    @Flag(help: "Only say what would be done: bytes, room, keys, time, and what is lost. Nothing is written.")
    var dryRun = false

    @Option(help: .hidden)
    var path: [String] = []

    func validate() throws {
        if recovery.recoveryKey == nil, overwriteKeys || !acceptKey.isEmpty {
            throw ValidationError("--overwrite-keys and --accept-key are for --recovery-key")
        }
        if run != nil, at != nil {
            throw ValidationError("--run names a run, and --at asks for one: give one of them")
        }
        if !path.isEmpty {
            throw ValidationError(
                "--path is not in this version: whole disks are restored, with --to beside the old")
        }
    }

    func report() async throws -> any CommandReport {
        var options = RestoreCommand.Options(
            run: try run.map { try RunName(argument: $0) }, nodes: selection.node,
            configurations: selection.configuration,
            directory: directory, overwrites: overwrite, deletes: delete, isLeased: lease.isLeased,
            thaw: try thaw.order, ignoresRoom: ignoreRoom)
        options.overwritten = .init(
            selfBackup: overwriteSelf, configurations: overwriteConfiguration, disks: overwriteDisk)
        options.acceptsSecurityFile = acceptSecurityFile
        options.isUnconfined = unconfined
        options.adopts = adopt
        options.moment = try at.map { try RunMoment(argument: $0) }
        options.map = map
        options.recoveryKey = recovery.file
        options.overwritesKeys = overwriteKeys
        options.acceptedKeys = acceptKey
        let chosen = options
        if dryRun { return try await withCluster { try await RestoreCommand($0, chosen).plan() } }
        return try await withCluster { try await RestoreCommand($0, chosen).run() }
    }
}
