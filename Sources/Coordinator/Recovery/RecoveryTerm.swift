// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Sealing

/// What is to be said of the dates of a recovery certificate. They keep nobody from sealing to it, nor its key from opening: secrets that are
/// sealed to an old certificate are worth more than none.
enum RecoveryTerm {
    /// A new key must get to wherever the old one is kept.
    private static let soon: Double = 90 * 86_400

    /// - Returns: nil where it holds, and for a while yet.
    static func finding(_ certificate: RecoverySummary.Certificate, now: Date) -> Finding? {
        let name = "the recovery certificate '\(certificate.file)'"
        if let begins = certificate.beginsAt, begins > now {
            return Finding(
                .remark, "\(name) begins on \(LocalTime(begins).text) only: it is sealed to all the same",
                fix: "look at this machine's clock, or that of the machine where it was made.")
        }
        let left = certificate.expiresAt.timeIntervalSince(now)
        guard left < soon else { return nil }
        let ends =
            left <= 0
            ? "expired on \(LocalTime(certificate.expiresAt).text): it is sealed to all the same, and its key opens what is sealed"
            : "expires in \(Quantity.duration(seconds: left)), on \(LocalTime(certificate.expiresAt).text)"
        return Finding(
            .remark, "\(name) \(ends)", fix: "'amfleet recovery rotate --recovery-key KIT' makes a new key.")
    }

    /// The same as lines; none where there is nothing to say.
    static func lines(_ certificate: RecoverySummary.Certificate?, now: Date = Date()) -> [String] {
        guard let finding = certificate.flatMap({ finding($0, now: now) }) else { return [] }
        return [finding.what] + (finding.fix.map { ["hint: \($0)"] } ?? [])
    }
}

extension RecoverySummary.Certificate {
    init(_ certificate: RecoveryCertificate, file: String) {
        self.init(
            file: file, fingerprint: certificate.fingerprint,
            beginsAt: Date(timeIntervalSince1970: Double(certificate.notBefore)),
            expiresAt: Date(timeIntervalSince1970: Double(certificate.notAfter)))
    }
}
