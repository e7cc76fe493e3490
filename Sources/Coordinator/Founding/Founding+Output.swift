// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension ClusterFounding.Report: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        ["cluster \(cluster): wrote"] + files.map { "  \($0)" }
            + (goesOn
                ? ["the authority that was there goes on: nodes that it has issued need nothing new"] : [])
            + (kit.map { KitText.lines($0, isBesideFile: isKitBesideFile) } ?? [])
            + (isWithoutRecoveryKey
                ? [
                    "there is no recovery key: keep copies of the authority's key and of every node's keys and passphrases elsewhere;",
                    "without them neither coordinator nor encrypted data comes back once they are lost ('amfleet recovery add' makes one)",
                ] : []) + ["next: amfleet node add NAME HOST:PORT"]
    }
}

extension NodeRoster.Added: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        [
            "node \(node) at \(address): \(wasThere == true ? "there already is" : "wrote") \(folder)",
            "next: copy its files to the node as /etc/amfleet, put the node's own S3 credentials beside them as",
            "'s3-credentials' (the form of ~/.aws/credentials, mode 0600), and run",
            "amfleetd --config /etc/amfleet/agent.json as root",
        ]
    }
}

extension NodeRoster.Renewed: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        [
            "node \(node): wrote \(folder)",
            "next: copy its files over those that 'tls' in the node's agent.json names; they are read without a restart",
        ]
    }
}

/// `amfleet node list`, and what `node remove` leaves.
public struct NodeListing: CommandReport, Encodable {
    struct Entry: Encodable {
        var name: String
        var address: String
    }

    let nodes: [Entry]

    public init(_ file: ClusterFile) {
        nodes = file.settings.nodes.map { Entry(name: $0.name, address: $0.address.description) }
    }

    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        var table = TextTable(["NODE", "ADDRESS"])
        for node in nodes { table.add([node.name, node.address]) }
        return table.lines
    }
}
