// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import FoundationEssentials

/// The coordinator's certificate, checked before an agent has to refuse it.
struct CoordinatorIdentity: Sendable {
    let expiresAt: Date
    /// Of the cluster's authority, for the identity in the bucket.
    let authorityPEM: String

    /// - Throws: `CoordinatorError.ownCertificate` for a missing, foreign or expired one.
    init(_ file: ClusterFile, now: Date) throws {
        let tls = file.settings.tls
        let authority = file.resolve(tls.authority)
        let certificate = file.resolve(tls.certificate)
        let privateKey = file.resolve(tls.privateKey)
        let pem = try Self.read(authority)
        let facts = try Self.facts(certificate)
        guard facts.isIssued(by: try Self.facts(authority)) else {
            throw CoordinatorError.ownCertificate(
                path: certificate, reason: "'\(authority)' did not issue it")
        }
        guard let name = try? facts.peerName, name.cluster == file.settings.cluster, name.role == .coordinator
        else {
            throw CoordinatorError.ownCertificate(
                path: certificate,
                reason:
                    "it is not for the coordinator of cluster '\(file.settings.cluster)' but for \(facts.uris.joined(separator: " "))"
            )
        }
        expiresAt = Date(timeIntervalSince1970: Double(facts.notAfter))
        guard now < expiresAt else {
            throw CoordinatorError.ownCertificate(
                path: certificate, reason: "it expired on \(LocalTime(expiresAt).text)")
        }
        _ = try Self.read(privateKey)
        authorityPEM = pem
    }

    private static func facts(_ path: String) throws(CoordinatorError) -> CertificateFacts {
        do {
            return try CertificateFacts(contentsOf: path)
        } catch {
            throw .ownCertificate(path: path, reason: "\(error)")
        }
    }

    private static func read(_ path: String) throws(CoordinatorError) -> String {
        do {
            return String(decoding: try FileSystem.readAll(path, limit: 1 << 20), as: UTF8.self)
        } catch {
            throw .ownCertificate(path: path, reason: "\(error)")
        }
    }
}
