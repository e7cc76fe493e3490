// SPDX-License-Identifier: Apache-2.0

import Certificates
public import FoundationEssentials

/// `amfleet coordinator renew`: a new key and certificate of the coordinator itself. Asks nobody; blocks.
public struct CoordinatorRenewal: Sendable {
    let file: ClusterFile
    let authorityKey: String?

    /// - Parameter authorityKey: where the authority's key is, if not where `cluster.json` says.
    public init(_ file: ClusterFile, authorityKey: String?) {
        self.file = file
        self.authorityKey = authorityKey
    }

    /// What was written.
    public struct Report: Sendable, Encodable {
        public var certificate: String
        public var serial: String
        public var expiresAt: Date
    }

    /// By the authority that every node believes: while a new one takes over, that is the old one until all have the new.
    public func renew() throws -> Report {
        let lock = try RenewalLock(file)
        return try withExtendedLifetime(lock) {
            let rollOver = try AuthorityRollOver.current(file)
            let own = try? CertificateFacts(contentsOf: file.identityFiles.certificate)
            let new = try rollOver.map { try CertificateFacts(pem: $0.authority.certificatePEM) }
            if let rollOver, let own, let new, own.isIssued(by: new) {
                return try install(rollOver.authority)
            }
            return try install(file.presentAuthority(key: authorityKey))
        }
    }

    /// The caller has the lock. A change that was cut short is ended or replaced.
    func install(_ authority: CertificateAuthority) throws -> Report {
        let files = file.identityFiles
        try files.recover()
        let issued = try authority.issue(.coordinator, validity: .spread)
        try files.prepare(issued.privateKeyPEM)
        let bundle = try file.authorities()
        try files.install(certificatePEM: issued.certificatePEM) { facts in
            guard let reason = try bundle.refusal(of: facts, as: .client) else { return }
            throw CertificateError.unusableCertificate(subject: facts.subject, reason: reason)
        }
        let facts = try CertificateFacts(pem: issued.certificatePEM)
        return Report(
            certificate: files.certificate, serial: facts.serial,
            expiresAt: Date(timeIntervalSince1970: Double(facts.notAfter)))
    }
}

extension CoordinatorRenewal.Report: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        ["the coordinator's certificate is new: \(certificate), until \(LocalTime(expiresAt).text)"]
    }
}
