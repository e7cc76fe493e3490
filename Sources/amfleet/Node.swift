// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockingWork
import Coordinator

struct NodeVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Who belongs to the cluster.",
        subcommands: [NodeAddVerb.self, NodeRenewVerb.self, NodeRemoveVerb.self, NodeListVerb.self])
}

struct NodeAddVerb: Verb {
    static let documentName = "node add"

    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Issue a node's identity, a folder to copy to it, and enter it in cluster.json.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The node's name: lower-case letters, digits and hyphens.")
    var name: String

    @Argument(help: "HOST:PORT where its agent is reached.")
    var address: String

    @Option(help: "HOST:PORT where its agent listens (default: the address, or 0.0.0.0 for a host name).")
    var listen: String?

    @Option(help: "Where the node keeps its Amanda configurations.")
    var amandaDirectory = "/etc/amanda"

    @Option(help: "Where its agent keeps its jobs.")
    var stateDirectory = "/var/lib/amfleet"

    @OptionGroup var authority: AuthorityOptions

    func report() async throws -> any CommandReport {
        try await runBlocking("cluster") {
            var roster = NodeRoster(try ClusterFile.load(common.cluster))
            return try roster.add(
                name, address,
                .init(listen: listen, amandaDirectory: amandaDirectory, stateDirectory: stateDirectory),
                authorityKey: authority.authorityKey)
        }
    }
}

struct NodeRemoveVerb: Verb {
    static let documentName = "node remove"

    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take a node out of cluster.json; its data stays in the bucket.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The node's name.")
    var name: String

    func report() async throws -> any CommandReport {
        try await runBlocking("cluster") {
            var roster = NodeRoster(try ClusterFile.load(common.cluster))
            try roster.remove(name)
            return NodeListing(roster.file)
        }
    }
}

struct NodeListVerb: Verb {
    static let documentName = "node list"

    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The nodes of cluster.json.")

    @OptionGroup var common: CommonOptions

    func report() async throws -> any CommandReport {
        NodeListing(try await runBlocking("cluster") { try ClusterFile.load(common.cluster) })
    }
}
