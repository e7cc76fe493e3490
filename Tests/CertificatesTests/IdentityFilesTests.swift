// SPDX-License-Identifier: Apache-2.0

import Files
import Secret
import TestSupport
import Testing

@testable import Certificates

/// A pair of files that is replaced, and cut short at each point.
@Suite struct IdentityFilesTests {
    private let directory: TemporaryDirectory
    private let authority: CertificateAuthority
    private let files: IdentityFiles
    private let old: IssuedIdentity

    init() throws {
        directory = try TemporaryDirectory()
        authority = try .create(cluster: "demo")
        old = try authority.issue(.node("node01"))
        files = IdentityFiles(
            certificate: try directory.write("node01.pem", old.certificatePEM),
            privateKey: try directory.write("node01.key", old.privateKeyPEM.plaintext))
    }

    @Test func `puts a certificate for the waiting key in place`() throws {
        let certificate = try renewed()
        try files.install(certificatePEM: certificate) { _ in }
        #expect(try serial() == CertificateFacts(pem: certificate).serial)
        #expect(try fits())
        #expect(try FileSystem.status(files.privateKey)?.mode == 0o600)
        #expect(try FileSystem.list(directory.path) == ["node01.key", "node01.pem"])
    }

    @Test func `changes nothing where the check or the key says no`() throws {
        let certificate = try renewed()
        #expect(throws: CertificateError.self) {
            try files.install(certificatePEM: certificate) { _ in
                throw CertificateError.unusableCertificate(subject: "x", reason: "y")
            }
        }
        #expect(throws: CertificateError.self) {
            try files.install(certificatePEM: authority.issue(.node("node01")).certificatePEM) { _ in }
        }
        #expect(try fits())
        #expect(try serial() == CertificateFacts(pem: old.certificatePEM).serial)
    }

    /// What a process leaves that is killed before the decision, after it, between the two files, and at the end.
    @Test(arguments: 0...3) func `a pair that works is left whenever the process is killed`(step: Int) throws
    {
        let certificate = try renewed()
        let serials = [old.certificatePEM, certificate].map { try? CertificateFacts(pem: $0).serial }
        if step > 0 { try FileSystem.writeAtomically(files.newCertificate, Array(certificate.utf8)) }
        if step > 1 { try FileSystem.rename(files.newPrivateKey, to: files.privateKey) }
        if step > 2 { try FileSystem.rename(files.newCertificate, to: files.certificate) }
        #expect(
            try IdentityFiles(certificate: files.certificate, privateKey: files.privateKey).recover()
                == [1, 2].contains(step))
        #expect(try fits())
        #expect(try serial() == serials[step > 0 ? 1 : 0])
        #expect(!FileSystem.exists(files.newCertificate))
    }

    @Test func `a certificate of no key that is here goes`() throws {
        try FileSystem.writeAtomically(
            files.newCertificate, Array(authority.issue(.node("node01")).certificatePEM.utf8))
        try files.recover()
        #expect(try fits())
        #expect(try serial() == CertificateFacts(pem: old.certificatePEM).serial)
        #expect(!FileSystem.exists(files.newCertificate))
    }

    /// Whatever lies beside the pair must not keep an agent from starting.
    @Test(arguments: ["", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n"])
    func `a waiting key that is none leaves the pair as it is`(text: String) throws {
        let certificate = try renewed()
        try FileSystem.writeAtomically(files.newCertificate, Array(certificate.utf8))
        try FileSystem.writeAtomically(files.newPrivateKey, Array(text.utf8))
        #expect(try files.recover())
        #expect(try fits())
        #expect(try serial() == CertificateFacts(pem: old.certificatePEM).serial)
    }

    @Test func `half-written files of a process that is gone go, and no others`() throws {
        for name in ["node01.key.new", "node01.key", "node01.pem", "node01.pem.new", "node02.key"] {
            _ = try directory.write("\(name).4194305-0.tmp", "half")
        }
        #expect(files.removeAbandoned(includingOwn: false).count == 4)
        #expect(
            try FileSystem.list(directory.path) == ["node01.key", "node01.pem", "node02.key.4194305-0.tmp"])
    }

    @Test func `follows links to where the files are`() throws {
        try FileSystem.makeSymbolicLink(directory.path("link.pem"), to: files.certificate)
        try FileSystem.makeSymbolicLink(directory.path("link.key"), to: files.privateKey)
        let linked = IdentityFiles(
            certificate: directory.path("link.pem"), privateKey: directory.path("link.key"))
        let (request, key) = try CertificateRequest.create(old.name)
        try linked.prepare(key)
        try linked.install(certificatePEM: authority.issue(.node("node01"), for: request)) { _ in }
        #expect(FileSystem.symbolicLinkTarget(directory.path("link.pem")) == files.certificate)
        #expect(try fits())
    }

    private func renewed() throws -> String {
        let (request, key) = try CertificateRequest.create(old.name)
        try files.prepare(key)
        return try authority.issue(.node("node01"), for: request)
    }

    private func serial() throws -> String { try CertificateFacts(contentsOf: files.certificate).serial }

    private func fits() throws -> Bool {
        let key = String(decoding: try FileSystem.readAll(files.privateKey), as: UTF8.self)
        return try CertificateFacts(contentsOf: files.certificate).isOf(Secret(key))
    }
}
