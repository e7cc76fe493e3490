// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockingWork
import Coordinator

struct NodeRenewVerb: Verb {
    static let documentName = "node renew"

    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Give nodes new keys and certificates over their running connections.",
        discussion: """
            The agent makes the key, which never leaves the node. With --folder the agent is not asked: the files are written \
            into a folder, to be copied to a node whose certificate has expired or that missed a change of the authority.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The nodes' names.")
    var names: [String] = []

    @Flag(help: "Every node of cluster.json.")
    var all = false

    @Option(help: "Write the new files of one node into this new folder instead.")
    var folder: String?

    @OptionGroup var authority: AuthorityOptions

    func validate() throws {
        guard names.isEmpty == all else { throw ValidationError("name nodes, or give --all") }
        if folder != nil, names.count != 1 { throw ValidationError("--folder is for one node") }
    }

    func report() async throws -> any CommandReport {
        if let folder, let name = names.first {
            return try await runBlocking("cluster") {
                try NodeRoster(ClusterFile.load(common.cluster)).renew(
                    name, folder: folder, authorityKey: authority.authorityKey)
            }
        }
        return try await withCluster {
            try await NodeRenewCommand($0, nodes: names, authorityKey: authority.authorityKey).run()
        }
    }
}

struct CoordinatorVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator", abstract: "The coordinator's own identity.",
        subcommands: [CoordinatorRenewVerb.self])
}

struct CoordinatorRenewVerb: Verb {
    static let documentName = "coordinator renew"

    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Give the coordinator a new key and certificate.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var authority: AuthorityOptions

    func report() async throws -> any CommandReport {
        try await runBlocking("cluster") {
            try CoordinatorRenewal(ClusterFile.load(common.cluster), authorityKey: authority.authorityKey)
                .renew()
        }
    }
}

struct AuthorityVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "The cluster's authority.",
        subcommands: [AuthorityRenewVerb.self])
}

struct AuthorityRenewVerb: Verb {
    static let documentName = "authority renew"

    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Replace the authority, and with it every certificate, over the running connections.",
        discussion: """
            The old authority goes when every node has a certificate of the new one. Run it again for nodes that were away, \
            or after it was cut short: it goes on where it stopped.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Do not wait for this node; may be repeated. It has to be brought new files by hand.")
    var without: [String] = []

    @Flag(
        help:
            "Go on also where another coordinator has begun to replace the authority, and is lost with what it has made."
    )
    var takeOver = false

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let console = common.console
        let options = AuthorityRenewCommand.Options(
            without: without, authorityKey: authority.authorityKey, takesOver: takeOver,
            isClaimed: lease.isLeased)
        let file = try await runBlocking("authority") { [path = common.cluster] in try ClusterFile.load(path)
        }
        let command = try await AuthorityRenewCommand(file, options, logger: common.logger) { [common] in
            try Cluster($0, console: console, logger: common.logger)
        }
        do {
            let report = try await command.run()
            await command.close()
            return report
        } catch {
            await command.close()
            throw error
        }
    }
}
