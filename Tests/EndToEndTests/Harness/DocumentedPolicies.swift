// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The policies that `Docs/OPERATIONS.md` prints, as they stand there.
struct DocumentedPolicies: Sendable {
    private let node: String
    private let archive: String
    private let coordinatorText: String

    /// The three ```` ```json ```` blocks of "Credentials": a node's, the coordinator's, and what a node needs for Glacier besides.
    init() throws {
        let text = try String(contentsOfFile: "\(Machine.package)/Docs/OPERATIONS.md", encoding: .utf8)
        let section = text.components(separatedBy: "\n## ").first { $0.hasPrefix("Credentials\n") } ?? ""
        let blocks = section.components(separatedBy: "```json\n").dropFirst().map {
            $0.components(separatedBy: "\n```")[0]
        }
        guard blocks.count == 3 else { throw CommandError.never("three policies in Credentials", .zero) }
        (node, coordinatorText, archive) = (blocks[0], blocks[1], blocks[2])
    }

    /// - Parameter archives: whether its volumes go to the archive.
    func ofNode(_ name: String, archives: Bool) throws -> IAMPolicy {
        try IAMPolicy([policy(node, name)] + (archives ? [policy(archive, name)] : []))
    }

    func ofCoordinator() throws -> IAMPolicy { try policy(coordinatorText, "") }

    private func policy(_ text: String, _ node: String) throws -> IAMPolicy {
        try IAMPolicy(
            parsing: text,
            replacing: ["BUCKET": ClusterStore.bucket, "PREFIX": TestCluster.prefix, "NODE": node])
    }
}
