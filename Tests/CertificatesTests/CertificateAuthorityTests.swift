// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Secret
import TestSupport
import Testing

@Suite struct CertificateAuthorityTests {
    @Test(arguments: [
        (CertificateRole.node("node01"), "sslserver", "sslclient"),
        (.coordinator, "sslclient", "sslserver"),
        (.observer, "sslclient", "sslserver"),
    ])
    func `issues what openssl verify takes strictly, for one purpose only`(
        role: CertificateRole, purpose: String, other: String
    ) throws {
        try withAuthority { authority in
            let identity = try authority.write(role)
            #expect(try verify(identity, purpose: purpose).status == 0)
            let refused = try verify(identity, purpose: other)
            #expect(refused.status != 0)
            #expect(refused.output.contains("unsuitable certificate purpose"))
        }
    }

    @Test func `writes extensions as an administrator expects them`() throws {
        try withAuthority { authority in
            let identity = try authority.write(.node("node01"))
            let leaf = try openssl("x509", "-in", identity.certificate, "-noout", "-text").output
            #expect(leaf.contains("Issuer: O = demo, CN = amfleet authority"))
            #expect(leaf.contains("Subject: O = demo, CN = node01"))
            #expect(leaf.contains("URI:spiffe://demo/node/node01, DNS:node01.demo"))
            #expect(
                leaf.contains("X509v3 Extended Key Usage: \n                TLS Web Server Authentication\n"))
            #expect(leaf.contains("X509v3 Authority Key Identifier"))
            #expect(leaf.contains("X509v3 Basic Constraints: critical\n                CA:FALSE"))
            let root = try openssl("x509", "-in", identity.authority, "-noout", "-text").output
            #expect(root.contains("CA:TRUE, pathlen:0"))
            #expect(root.contains("X509v3 Subject Key Identifier"))
        }
    }

    @Test func `writes keys as PKCS 8 that openssl reads`() throws {
        try withAuthority { authority in
            let identity = try authority.write(.coordinator)
            let text = try String(contentsOfFile: identity.privateKey, encoding: .utf8)
            #expect(text.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
            let read = try openssl("pkey", "-in", identity.privateKey, "-noout", "-text")
            #expect(read.output.contains("NIST CURVE: P-256"))
        }
    }

    @Test func `gives every certificate a serial of 128 bits of its own`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        let serials = try (0..<50).map { _ in
            try CertificateFacts(pem: authority.issue(.observer).certificatePEM).serial
        }
        #expect(Set(serials).count == 50)
        #expect(serials.allSatisfy { $0.utf8.count == 32 })
    }

    @Test func `begins five minutes ago and ends with the authority at the latest`() throws {
        let now = Int64(Date().timeIntervalSince1970)
        let authority = try CertificateAuthority.create(
            cluster: "demo", validity: CertificateValidity(days: 30))
        let root = try CertificateFacts(pem: authority.certificatePEM)
        let short = try CertificateFacts(
            pem: authority.issue(.observer, validity: CertificateValidity(days: 2)).certificatePEM)
        #expect(abs(short.notBefore - (now - 3_600)) < 60)
        #expect(abs(short.notAfter - (now + 2 * 86_400)) < 60)
        #expect(
            try CertificateFacts(pem: authority.issue(.observer).certificatePEM).notAfter == root.notAfter)
    }

    @Test func `comes back from its own PEM and goes on issuing`() throws {
        let made = try CertificateAuthority.create(cluster: "demo")
        let again = try CertificateAuthority(
            certificatePEM: made.certificatePEM, privateKeyPEM: made.privateKeyPEM)
        #expect(again.cluster == "demo")
        let leaf = try CertificateFacts(pem: again.issue(.node("node01")).certificatePEM)
        #expect(leaf.isIssued(by: try CertificateFacts(pem: made.certificatePEM)))
    }

    @Test func `refuses a key that belongs to another authority`() throws {
        let one = try CertificateAuthority.create(cluster: "demo")
        let other = try CertificateAuthority.create(cluster: "demo")
        #expect(throws: CertificateError.keyMismatch(subject: "O = demo, CN = amfleet authority")) {
            try CertificateAuthority(certificatePEM: one.certificatePEM, privateKeyPEM: other.privateKeyPEM)
        }
    }

    @Test func `refuses to sign with a peer's certificate`() throws {
        let peer = try CertificateAuthority.create(cluster: "demo").issue(.node("node01"))
        #expect(throws: CertificateError.notAnAuthority(subject: "O = demo, CN = node01")) {
            try CertificateAuthority(certificatePEM: peer.certificatePEM, privateKeyPEM: peer.privateKeyPEM)
        }
    }

    @Test func `refuses a key behind a passphrase without asking for it`() throws {
        try withAuthority { authority in
            let identity = try authority.write(.coordinator)
            let locked = try openssl("pkey", "-in", identity.privateKey, "-aes256", "-passout", "pass:x")
                .output
            #expect(throws: CertificateError.self) {
                try CertificateAuthority(
                    certificatePEM: authority.authority.certificatePEM, privateKeyPEM: Secret(locked))
            }
        }
    }

    @Test(arguments: [
        "", "Demo", "demo.org", "-demo", "demo-", "dé", "de mo", String(repeating: "a", count: 64),
    ])
    func `refuses a cluster that is no DNS label`(cluster: String) {
        #expect(throws: CertificateError.invalidName(what: "cluster name", name: cluster)) {
            try CertificateAuthority.create(cluster: cluster)
        }
    }

    @Test func `takes names of the greatest length`() throws {
        let label = String(repeating: "a", count: 63)
        let identity = try CertificateAuthority.create(cluster: label).issue(.node(label))
        #expect(try CertificateFacts(pem: identity.certificatePEM).dnsNames == ["\(label).\(label)"])
    }

    private func withAuthority(_ body: (TestAuthority) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "certificates-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(TestAuthority(directory: directory))
    }

    private func verify(_ identity: TestIdentity, purpose: String) throws -> (status: Int32, output: String) {
        try openssl(
            "verify", "-x509_strict", "-purpose", purpose, "-CAfile", identity.authority, identity.certificate
        )
    }

    private func openssl(_ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
