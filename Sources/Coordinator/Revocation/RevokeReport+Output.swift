// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension RevokeReport: CommandReport {
    /// The revocation holds where the list is; who has not got it, or the bucket, is named.
    public var ending: CommandEnding {
        bucketError != nil || nodes.contains { $0.error != nil } ? .partial : .complete
    }

    public var lines: [String] {
        let new = revoked.flatMap { Self.lines($0) }
        let old = before.map { "revoked before: serial \($0)" }
        let none =
            new.isEmpty && old.isEmpty ? ["every certificate of '\(who)' has expired: nothing to revoke"] : []
        return new + old + none + bucket + pending + [verdict] + identity
    }

    /// A serial that is not known here may be mistyped: nothing else would ever tell.
    private static func lines(_ certificate: Certificate) -> [String] {
        guard certificate.name == nil else {
            return ["revoked: serial \(certificate.serial), \(certificate.name ?? "")"]
        }
        return [
            "revoked: serial \(certificate.serial), of which no certificate is known here",
            "  hint: compare it with 'openssl x509 -noout -serial -in FILE' of the certificate that is meant.",
        ]
    }

    private var bucket: [String] {
        guard let bucketError else { return [] }
        return ["the list is not in the bucket: \(RunText.oneLine(bucketError.message))"]
            + ["  hint: run it again when the store answers."]
    }

    private var pending: [String] {
        nodes.compactMap { node in
            node.error.map {
                "\(node.node) gets the list with its next contact: \(RunText.oneLine($0.message))"
            }
        }
    }

    private var verdict: String {
        let has = nodes.filter { $0.error == nil }.count
        return "\(count) certificates are revoked; \(has)/\(nodes.count) nodes have the list"
    }

    private var identity: [String] {
        guard let node else { return [] }
        return [
            "\(node) is not spoken to any more. To give it a new identity: 'amfleet node renew \(node) --folder DIRECTORY',",
            "and copy its files over those that 'tls' in the node's agent.json names",
        ]
    }
}
