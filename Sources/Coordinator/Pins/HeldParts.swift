// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What of a run lies on a node's holding disk, on no volume yet: no pin keeps it there.
struct HeldParts: Sendable, Equatable {
    let node: String
    /// `vertica: /data`, one a dump; empty where the node alone knows which.
    let disks: [String]

    /// One for each node that holds something, by the records in the bucket. A node that could write none said so to the
    /// manifest; one whose record cannot be read is told of by whoever looks at its volumes.
    static func of(_ manifest: RunManifest, _ bucket: ClusterBucket) async throws -> [HeldParts] {
        let outcomes = try await onEveryNode(manifest.nodes.map(\.node), width: 16) { node in
            try await bucket.nodeRecord(manifest.run, node: node)
        }
        return zip(manifest.nodes, outcomes).compactMap { verdict, outcome in
            HeldParts(verdict, outcome.report.flatMap(\.self))
        }
    }

    /// Nil where nothing is held.
    init?(_ verdict: NodeVerdict, _ record: NodeRecord?) {
        let held = record?.heldDumps ?? []
        guard !held.isEmpty || (record == nil && verdict.state == .held) else { return nil }
        node = verdict.node
        disks = held.map { "\($0.configuration): \($0.dump.disk)" }
    }

    /// For the administrator.
    var text: String {
        let what =
            switch disks.count {
            case 0: "some of it"
            case 1: disks[0]
            default: "\(disks[0]) and \(disks.count - 1) more"
            }
        return "\(node): \(what): held on the node, on no volume yet: run 'amfleet flush' first; "
            + "the pin keeps it from then on"
    }
}
