// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What `amfleet node add --from` and `amfleet node replace` have done, node by node.
public struct RosterReport: Sendable, Encodable {
    struct Node: Sendable, Encodable {
        var node: String
        var address: String
        var action: RosterPlan.Action
        /// The address of the machine that it replaces.
        var before: String?
        /// To be copied to the node as `/etc/amfleet`.
        var folder: String
        /// Where the old folder is now; nil: there was none.
        var movedAside: String?
        /// Why it is not done; nil: it is.
        var error: WireError?

        init(_ step: RosterPlan.Step, folder: String) {
            node = step.name
            address = step.address.description
            action = step.action
            before = step.before?.description
            self.folder = folder
        }
    }

    var nodes: [Node]
    /// Of the machines that were replaced; nil: of none.
    var revocation: RevokeReport?
}

extension RosterReport: CommandReport {
    public var ending: CommandEnding {
        let failures = nodes.filter { $0.error != nil }.map(\.error)
        let ending = CommandEnding(completeNodes: nodes.count - failures.count, failures: failures)
        guard ending == .complete, let revocation else { return ending }
        return revocation.ending
    }

    public var lines: [String] {
        var table = TextTable(["NODE", "ADDRESS", "", "FOLDER"])
        for node in nodes {
            table.add([node.node, node.address, Self.text(node), node.error == nil ? node.folder : "-"])
        }
        let errors = nodes.compactMap(\.error).flatMap { RunText.faults([$0], on: $0.node ?? "") }
        let moved = nodes.compactMap { node in
            node.movedAside.map { "\(node.node)'s old folder is \($0) now" }
        }
        return table.lines + errors + moved + (revocation.map(Self.lines) ?? []) + next
    }

    private static func text(_ node: Node) -> String {
        switch node.action {
        case _ where node.error != nil: "failed"
        case .stays: "is there"
        case .added: "added"
        case .folder: "new folder"
        case .replaced: node.before.map { "replaces the machine at \($0)" } ?? "replaced"
        }
    }

    private var next: [String] {
        guard nodes.contains(where: { $0.error == nil && $0.action != .stays }) else { return [] }
        return [
            "next: copy the files of each new folder to its node as /etc/amfleet, put the node's own S3 credentials beside them as",
            "'s3-credentials' (the form of ~/.aws/credentials, mode 0600) unless a restore with --recovery-key brings them, and run",
            "amfleetd --config /etc/amfleet/agent.json as root",
        ]
    }

    private static func lines(_ revocation: RevokeReport) -> [String] {
        let old = revocation.revoked.map { "revoked: serial \($0.serial)\($0.name.map { ", \($0)" } ?? "")" }
        let unknown = revocation.unknownNodes.map {
            "no certificate of \($0) is known here: if its old machine may still run, 'amfleet revoke SERIAL' takes its away"
        }
        let bucket = revocation.bucketError.map {
            [
                "the list is not in the bucket: \(RunText.oneLine($0.message))",
                "  hint: 'amfleet status' puts it there when the store answers.",
            ]
        }
        let pending = revocation.nodes.compactMap { node in
            node.error.map {
                "\(node.node) gets the list with its next contact: \(RunText.oneLine($0.message))"
            }
        }
        let machines =
            revocation.revoked.isEmpty
            ? [] : ["a machine that was replaced and still runs keeps its S3 key: take that away from it"]
        return old + unknown + (bucket ?? []) + pending + machines
    }
}
