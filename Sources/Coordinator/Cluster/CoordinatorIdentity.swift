// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import FoundationEssentials
import Glibc
import Secret

/// The coordinator's certificate, checked before an agent has to refuse it.
struct CoordinatorIdentity: Sendable {
    let notBefore: Date
    let expiresAt: Date
    /// The cluster's, of which one has issued it.
    let authorities: AuthorityBundle
    let issuer: CertificateFacts

    /// A change of the pair that was cut short is ended first. Blocks.
    ///
    /// - Throws: `CoordinatorError.ownCertificate` for a missing, foreign or expired one.
    init(_ file: ClusterFile, now: Date) throws {
        let tls = file.settings.tls
        let certificate = file.resolve(tls.certificate)
        let privateKey = file.resolve(tls.privateKey)
        authorities = try Self.authorities(file)
        try Self.mend(file)
        let facts = try Self.whole(file)
        guard let issuer = authorities.issuer(of: facts) else {
            throw CoordinatorError.ownCertificate(
                path: certificate, reason: "'\(file.authorityPath)' did not issue it")
        }
        self.issuer = issuer
        guard let name = try? facts.peerName, name.cluster == file.settings.cluster, name.role == .coordinator
        else {
            throw CoordinatorError.ownCertificate(
                path: certificate,
                reason:
                    "it is not for the coordinator of cluster '\(file.settings.cluster)' but for \(facts.uris.joined(separator: " "))"
            )
        }
        notBefore = Date(timeIntervalSince1970: Double(facts.notBefore))
        expiresAt = Date(timeIntervalSince1970: Double(facts.notAfter))
        guard now < expiresAt else {
            throw CoordinatorError.ownCertificate(
                path: certificate, reason: "it expired on \(LocalTime(expiresAt).text)")
        }
        if Self.areApart(facts, try Self.read(privateKey)) {
            throw CoordinatorError.ownCertificate(
                path: certificate, reason: "'\(privateKey)' is not its private key")
        }
    }

    /// The certificate, once its key lies beside it: another command may be between the two renames.
    private static func whole(_ file: ClusterFile) throws -> CertificateFacts {
        let (certificate, privateKey) = (
            file.resolve(file.settings.tls.certificate), file.resolve(file.settings.tls.privateKey)
        )
        for _ in 1..<looks {
            let facts = try facts(certificate)
            guard areApart(facts, try read(privateKey)) else { return facts }
            usleep(50_000)
        }
        return try facts(certificate)
    }

    private static let looks = 4

    private static func mend(_ file: ClusterFile) throws {
        let files = file.identityFiles
        guard try files.isUnfinished else { return }
        do {
            let lock = try RenewalLock(file)
            try withExtendedLifetime(lock) { _ = try files.recover() }
        } catch {
            throw CoordinatorError.ownCertificate(path: files.certificate, reason: FaultText(of: error))
        }
    }

    /// What libcrypto cannot read is libcurl's to judge.
    private static func areApart(_ facts: CertificateFacts, _ key: String) -> Bool {
        guard let isItsKey = try? facts.isOf(Secret(key)) else { return false }
        return !isItsKey
    }

    private static func authorities(_ file: ClusterFile) throws(CoordinatorError) -> AuthorityBundle {
        do {
            return try AuthorityBundle(contentsOf: file.authorityPath)
        } catch {
            throw .ownCertificate(path: file.authorityPath, reason: FaultText(of: error))
        }
    }

    private static func facts(_ path: String) throws(CoordinatorError) -> CertificateFacts {
        do {
            return try CertificateFacts(contentsOf: path)
        } catch {
            throw .ownCertificate(path: path, reason: FaultText(of: error))
        }
    }

    private static func read(_ path: String) throws(CoordinatorError) -> String {
        do {
            return String(decoding: try FileSystem.readAll(path, limit: 1 << 20), as: UTF8.self)
        } catch {
            throw .ownCertificate(path: path, reason: FaultText(of: error))
        }
    }
}
