// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// What is to be done about certificates and their authority: pure. Every fix is a command of ours.
enum CertificateJudgement {
    static let expiryRemark: Double = 30 * 86_400
    static let expiryProblem: Double = 7 * 86_400
    /// What is issued never outlives the authority, so its end is told earlier.
    static let authorityRemark: Double = 90 * 86_400
    static let authorityProblem: Double = 30 * 86_400

    /// A node's own.
    static func of(
        _ status: NodeStatus, node: String, authority: AuthoritySummary? = nil, now: Date
    ) -> [Finding] {
        let command =
            status.identity == nil
            ? "amfleet node renew \(node) --folder DIRECTORY" : "amfleet node renew \(node)"
        let whatItDoes =
            status.identity == nil
            ? "writes a new one to copy to the node, whose agent is older" : "gives it a new one"
        return expiry(
            "its certificate", status.certificateExpiresAt, node: node, now: now,
            fix: fix(command, whatItDoes, status.certificateExpiresAt, authority))
    }

    /// The coordinator's own.
    ///
    /// - Parameter begin: its first second.
    static func ofCoordinator(
        certificateBeginsAt begin: Date? = nil, certificateExpiresAt date: Date,
        authority: AuthoritySummary? = nil, now: Date
    ) -> [Finding] {
        if let begin, begin > now {
            return [
                Finding(
                    .problem,
                    "the coordinator's certificate begins on \(LocalTime(begin).text), and this machine's clock says \(LocalTime(now).text): "
                        + "no node with that time lets it in",
                    fix: "set the clock; where it is right, "
                        + fix("amfleet coordinator renew", "gives it a new one", date, authority))
            ]
        }
        return expiry(
            "the coordinator's certificate", date, node: nil, now: now,
            fix: fix("amfleet coordinator renew", "gives it a new one", date, authority))
    }

    /// The authority's end, and how far its successor has come.
    static func of(_ authority: AuthoritySummary, now: Date) -> [Finding] {
        var findings = expiry(
            "the cluster's authority", authority.expiresAt, node: nil, now: now, remark: authorityRemark,
            problem: authorityProblem,
            fix:
                "'\(command("amfleet authority renew", authority))' replaces it, and with it every certificate."
        )
        if authority.isTakingOver {
            let missing = authority.missingNodes
            findings.append(
                Finding(
                    .remark,
                    "a new authority is taking over: "
                        + (missing.isEmpty
                            ? "every node has a certificate of it, the old one is not gone yet"
                            : "no certificate of it yet on \(missing.joined(separator: ", "))"),
                    fix: "'amfleet authority renew' goes on with it"
                        + (missing.isEmpty
                            ? "."
                            : "; '\((["amfleet authority renew"] + missing.map { "--without \($0)" }).joined(separator: " "))' ends it without them.")
                ))
        }
        findings += authority.estrangedNodes.map { node in
            Finding(
                .remark, node: node, "it does not believe the same authorities as ca.pem",
                fix:
                    "'\(command("amfleet node renew \(node)", authority))' brings it the cluster's, and a new certificate."
            )
        }
        return findings
    }

    private static func fix(
        _ words: String, _ whatItDoes: String, _ date: Date, _ authority: AuthoritySummary?
    ) -> String {
        // Nothing is issued for longer than the authority holds.
        if let authority, date >= authority.expiresAt.addingTimeInterval(-86_400) {
            return
                "it ends with the authority: '\(command("amfleet authority renew", authority))' replaces both."
        }
        return "'\(command(words, authority))' \(whatItDoes)."
    }

    private static func command(_ words: String, _ authority: AuthoritySummary?) -> String {
        authority?.isKeyAtHand == false ? "\(words) --authority-key FILE" : words
    }

    private static func expiry(
        _ whose: String, _ date: Date, node: String?, now: Date, remark: Double = expiryRemark,
        problem: Double = expiryProblem, fix: String
    ) -> [Finding] {
        let left = date.timeIntervalSince(now)
        guard left < remark else { return [] }
        let what =
            left <= 0
            ? "\(whose) expired on \(LocalTime(date).text)"
            : "\(whose) expires in \(Quantity.duration(seconds: left)), on \(LocalTime(date).text)"
        return [Finding(left < problem ? .problem : .remark, node: node, what, fix: fix)]
    }
}
