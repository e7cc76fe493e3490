// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Files
import Logging
import Synchronization
import TLS

/// The lists of revoked certificates that this node goes by: `revoked.pem` in its state directory, and what its server knows.
///
/// An authority of this node has signed each of them; a lower number than the one that is kept is refused.
final class RevocationStore: Sendable {
    /// Bytes at most of the file.
    private static let byteCountLimit = 1 << 20

    private let node: String
    private let path: String
    private let authorityPath: String
    private let tls: TLSServerContext
    private let logger: Logger
    private let turn = Mutex(())

    /// Reads what is kept. A file that cannot be read is set aside: the coordinator brings the lists again. Blocks.
    init(settings: AgentSettings, tls: TLSServerContext, logger: Logger) {
        node = settings.node
        path = "\(settings.stateDirectory)/revoked.pem"
        authorityPath = settings.tls.authority
        self.tls = tls
        self.logger = logger
        do {
            guard try FileSystem.isPresent(path) else { return }
            let kept = String(
                decoding: try FileSystem.readAll(path, limit: Self.byteCountLimit), as: UTF8.self)
            tls.revoke(try RevocationLists(pem: kept, authorities: PEMText.read(authorityPath)))
        } catch {
            logger.error("\(error); '\(path)' is set aside as revoked.pem.damaged")
            try? FileSystem.rename(path, to: "\(path).damaged")
        }
    }

    /// What is in force, for everybody who asks.
    var answer: NodeRevocations { NodeRevocations(node: node, lists: tls.revoked.pem) }

    /// Keeps what is newer, and has the connections of whoever is revoked end. Nothing changes where it throws.
    ///
    /// - Throws: `WireError`: no authority of this node has signed it; it is older than what is kept; it cannot be kept.
    func take(_ order: RevocationOrder) async throws -> NodeRevocations {
        do {
            try await runBlocking("revocations") {
                // One after the other, to the file's end, or an older list could come last.
                try self.turn.withLock { _ in try self.take(order.lists) }
            }
        } catch {
            throw WireError(cause: error, node: node)
        }
        return answer
    }

    private func take(_ lists: String) throws {
        let kept = tls.revoked
        let given = try RevocationLists(pem: lists, authorities: PEMText.read(authorityPath))
        try judge(given, kept)
        let joined = kept.joined(with: given)
        guard joined != kept else { return }
        try FileSystem.writeAtomically(path, Array(joined.pem.utf8), mode: 0o600)
        tls.revoke(joined)
        logger.notice(
            "certificates revoked",
            metadata: [
                "numbers": "\(joined.lists.map { "\($0.number)" }.joined(separator: " "))",
                "count": "\(joined.entries.count)",
            ])
    }

    private func judge(_ given: RevocationLists, _ kept: RevocationLists) throws(WireError) {
        guard !given.isEmpty else {
            throw WireError(
                .authentication, node: node,
                "no authority of this node has signed the list of revoked certificates",
                hint:
                    "compare the authority in agent.json and cluster.json: both must be this cluster's ca.pem."
            )
        }
        for list in given.lists {
            guard let old = kept.numbers[list.authority], list.number < old else { continue }
            throw WireError(
                .busy, node: node,
                "the list of revoked certificates has number \(list.number), but the node has number \(old) already",
                hint: "ask the node's status: the coordinator then takes the newer list.")
        }
        guard !given.contradicts(kept) else {
            throw WireError(
                .busy, node: node,
                "another list of revoked certificates has the same number",
                hint: "run 'amfleet revoke' again: it joins the lists under a higher number.")
        }
    }
}
