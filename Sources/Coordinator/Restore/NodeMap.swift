// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import NearestName

/// Whose data each machine gets: its own name's, but where `--map old=new` says otherwise. One to one: no data go to two machines, and
/// no machine gets two nodes' data.
struct NodeMap: Sendable, Equatable {
    /// By the machine's name; only those that get another's.
    let sources: [String: String]

    /// Everybody gets their own.
    static let none = NodeMap(sources: [:])

    private init(sources: [String: String]) {
        self.sources = sources
    }

    func source(of node: String) -> String { sources[node] ?? node }

    /// Names whose data go to a machine of another name.
    var moved: [String] { sources.values.sorted() }

    /// - Parameters:
    ///   - arguments: `old=new`, as they were typed.
    ///   - nodes: the machines that are restored.
    ///   - all: those of `cluster.json`.
    init(_ arguments: [String], onto nodes: [String], of all: [String]) throws(CoordinatorError) {
        var sources: [String: String] = [:]
        for argument in arguments {
            let names = argument.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard names.count == 2 else {
                throw Self.refused("must be 'old=new', two names of nodes, found '\(argument)'")
            }
            let (old, new) = (names[0], names[1])
            if let fault = ClusterName.nodeFault(old) {
                throw Self.refused("'\(argument)': the old name \(fault)")
            }
            guard all.contains(new) else {
                throw .unknownNode(new, nearest: nearestName(to: new, among: all))
            }
            guard nodes.contains(new) else {
                throw Self.refused(
                    "'\(argument)': '\(new)' is left out by --node, which names the machines that are restored"
                )
            }
            if let other = sources[new] {
                throw Self.refused("gives '\(new)' the data of two nodes, '\(other)' and '\(old)'")
            }
            if let other = sources.first(where: { $0.value == old })?.key {
                throw Self.refused("gives the data of '\(old)' to two machines, '\(other)' and '\(new)'")
            }
            sources[new] = old
        }
        // What nobody moves stays with its own name.
        if let own = nodes.first(where: { node in sources[node] == nil && sources.values.contains(node) }),
            let new = sources.first(where: { $0.value == own })?.key
        {
            throw Self.refused(
                "gives the data of '\(own)' to '\(new)', and '\(own)' itself is restored with them too: leave it out with "
                    + "--node, or map another node's data to it")
        }
        self.init(sources: sources.filter { $0.key != $0.value })
    }

    /// - Parameter known: nodes of which the run, or `cluster.json`, knows.
    /// - Throws: for a name whose data nobody has.
    func requireKnown(_ known: Set<String>, of run: RunName) throws(CoordinatorError) {
        guard let unknown = moved.first(where: { !known.contains($0) }) else { return }
        throw Self.refused(
            "names '\(unknown)', of which run \(run) has nothing: it has \(known.sorted().joined(separator: ", "))"
        )
    }

    private static func refused(_ fault: String) -> CoordinatorError {
        .unusableName(what: "--map", fault: fault)
    }
}
