// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockingWork
import Coordinator

struct NodeVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Who belongs to the cluster.",
        subcommands: [
            NodeAddVerb.self, NodeReplaceVerb.self, NodeRenewVerb.self, NodeRemoveVerb.self,
            NodeListVerb.self,
        ])
}

/// What becomes of a folder of identity.
struct NodeFolderOptions: ParsableArguments, Sendable {
    @Option(help: "HOST:PORT where the agent listens (default: the address, or 0.0.0.0 for a host name).")
    var listen: String?

    @Option(help: "Where the node keeps its Amanda configurations.")
    var amandaDirectory = "/etc/amanda"

    @Option(help: "Where its agent keeps its jobs.")
    var stateDirectory = "/var/lib/amfleet"

    var options: NodeRoster.Options {
        .init(listen: listen, amandaDirectory: amandaDirectory, stateDirectory: stateDirectory)
    }
}

struct NodeAddVerb: Verb {
    static let documentName = "node add"

    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Issue a node's identity, a folder to copy to it, and enter it in cluster.json.",
        discussion: """
            With --from every line of a file is a node, NAME ADDRESS; what is there already stays, a node without its folder gets \
            one, and a node that is known at another address is replaced, as 'amfleet node replace' does. All lines are checked \
            first, and the same file can be given again.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The node's name: lower-case letters, digits and hyphens.")
    var name: String?

    @Argument(help: "HOST:PORT where its agent is reached.")
    var address: String?

    @Option(help: "A file with a line NAME ADDRESS for each node; # begins a comment.")
    var from: String?

    @OptionGroup var folder: NodeFolderOptions
    @OptionGroup var authority: AuthorityOptions

    func validate() throws {
        if from != nil {
            guard name == nil else { throw ValidationError("name a node and its address, or give --from") }
            guard folder.listen == nil else { throw ValidationError("--listen is for one node") }
        } else if address == nil {
            throw ValidationError("give a node's NAME and ADDRESS, or --from FILE")
        }
    }

    func report() async throws -> any CommandReport {
        if let from {
            return try await rosterCommand(self) { file, connect in
                RosterCommand(
                    file, adding: try NodeLines.read(from), folder.options,
                    authorityKey: authority.authorityKey, connect: connect)
            }
        }
        return try await runBlocking("cluster") {
            var roster = NodeRoster(try ClusterFile.load(common.cluster))
            return try roster.add(
                name ?? "", address ?? "", folder.options, authorityKey: authority.authorityKey)
        }
    }
}

struct NodeReplaceVerb: Verb {
    static let documentName = "node replace"

    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Give a node's name to a new machine, and revoke what the old one has.",
        discussion: """
            The new machine gets a folder of identity, cluster.json its address; every certificate that the name had before is \
            revoked, as 'amfleet revoke' does. Neither the old machine, nor the bucket or any node, needs to answer: what is still to \
            be done is said.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "The node's name.")
    var name: String

    @Argument(help: "HOST:PORT where the new machine's agent is reached.")
    var address: String

    @OptionGroup var folder: NodeFolderOptions
    @OptionGroup var authority: AuthorityOptions

    func report() async throws -> any CommandReport {
        try await rosterCommand(self) { file, connect in
            try RosterCommand(
                file, replacing: name, at: address, folder.options, authorityKey: authority.authorityKey,
                connect: connect)
        }
    }
}

/// Runs what changes several nodes at once.
private func rosterCommand(
    _ verb: some Verb,
    _ make:
        @escaping @Sendable (ClusterFile, @escaping @Sendable (ClusterFile) throws -> Cluster) throws ->
        RosterCommand
) async throws -> any CommandReport {
    let console = verb.common.console
    let logger = verb.common.logger
    let command = try await runBlocking("cluster") { [path = verb.common.cluster] in
        try make(ClusterFile.load(path)) { try Cluster($0, console: console, logger: logger) }
    }
    return try await command.run()
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
