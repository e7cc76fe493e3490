// SPDX-License-Identifier: Apache-2.0

public import Certificates
import Foundation
import Secret

/// An authority made for the run of one test, and the files that its peers would have.
public struct TestAuthority: Sendable {
    /// The authority itself.
    public let authority: CertificateAuthority

    /// The folder in which the files are written. The caller removes it.
    public let directory: String

    /// A new authority for `cluster`; its certificate is written to `<directory>/<cluster>-ca.pem`.
    public init(cluster: String = "demo", directory: String) throws {
        authority = try CertificateAuthority.create(cluster: cluster)
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(authority.certificatePEM.utf8).write(to: URL(fileURLWithPath: certificatePath))
    }

    /// The authority of a cluster that is there already: `ca.pem` and `ca.key` in `folder`.
    public init(of folder: String, directory: String) throws {
        let text: (String) throws -> String = {
            try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
        }
        authority = try CertificateAuthority(
            certificatePEM: text("ca.pem"), privateKeyPEM: Secret(text("ca.key")))
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// The authority's certificate, for peers to trust.
    public var certificatePath: String { "\(directory)/\(authority.cluster)-ca.pem" }

    /// Issues an identity and writes it to `<file>.pem` and `<file>.key`; `file` is the peer's name without another.
    public func write(
        _ role: CertificateRole, validity: CertificateValidity = .peer, file: String? = nil
    ) throws -> TestIdentity {
        let issued = try authority.issue(role, validity: validity)
        return try write(issued.certificatePEM, issued.privateKeyPEM, file: file ?? issued.name.shortName)
    }

    /// The identity of a server whose name is `<name>.<cluster>`, for tests that know nothing of roles.
    public func write(server name: String) throws -> TestIdentity {
        try write(.node(name))
    }

    /// Signs what no authority of ours would, for tests of refusals.
    package func write(_ profile: CertificateProfile, file: String) throws -> TestIdentity {
        let (certificate, key) = try authority.sign(profile)
        return try write(certificate, key, file: file)
    }

    /// The authority's own certificate and key, as if they were a peer's.
    public func writeAuthorityAsPeer() throws -> TestIdentity {
        try write(authority.certificatePEM, authority.privateKeyPEM, file: "authority")
    }

    private func write(_ certificate: String, _ key: Secret, file: String) throws -> TestIdentity {
        let identity = TestIdentity(
            authority: certificatePath, certificate: "\(directory)/\(file).pem",
            privateKey: "\(directory)/\(file).key")
        try Data(certificate.utf8).write(to: URL(fileURLWithPath: identity.certificate), options: .atomic)
        try Data(key.plaintext.utf8).write(to: URL(fileURLWithPath: identity.privateKey), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: identity.privateKey)
        return identity
    }
}

/// The three files of one peer, by path.
public struct TestIdentity: Sendable {
    /// Who it trusts.
    public let authority: String

    /// Its certificate.
    public let certificate: String

    /// Its private key, mode 0600.
    public let privateKey: String

    /// Three files that lie somewhere already.
    public init(authority: String, certificate: String, privateKey: String) {
        self.authority = authority
        self.certificate = certificate
        self.privateKey = privateKey
    }
}
