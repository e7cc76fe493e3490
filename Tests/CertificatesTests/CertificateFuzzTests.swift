// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Certificates

/// Certificates, requests and lists whose bytes were changed behind a right PEM: they are read or refused. A trap would end the test
/// program.
@Suite(.timeLimit(.minutes(5)))
struct CertificateFuzzTests {
    private static let rounds = LongTests.areWanted ? 1_000 : 80

    private let authority: CertificateAuthority

    init() throws {
        authority = try .create(cluster: "demo")
    }

    private static func kind(of pem: String) -> String {
        String(pem.drop { $0 != " " }.dropFirst().prefix { $0 != "-" })
    }

    private static func der(of pem: String) throws -> [UInt8] {
        let body = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        return Array(try #require(Data(base64Encoded: body)))
    }

    private static func pem(_ der: [UInt8], _ kind: String) -> String {
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(kind)-----\n\(body)\n-----END \(kind)-----\n"
    }

    /// One length, tag or byte changed, a piece doubled or cut out: lengths of what is around it are not mended.
    private static func changed(_ pem: String, _ generator: inout SeededGenerator) throws -> String {
        var bytes = try der(of: pem)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes = ByteMutation.damaged(bytes, using: &generator)
        case 1:
            let place = Int.random(in: bytes.indices, using: &generator)
            bytes[place] = [0, 1, 0x02, 0x30, 0x7F, 0x80, 0x84, 0xFF].randomElement(using: &generator) ?? 0
        default:
            let place = Int.random(in: bytes.indices, using: &generator)
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
        return Self.pem(bytes, kind(of: pem))
    }

    @Test(arguments: [CertificateRole.node("node01"), .coordinator, .observer])
    func `a certificate says something or nothing, and no other is its authority's`(
        role: CertificateRole
    ) throws {
        let identity = try authority.issue(role)
        let whole = try CertificateFacts(pem: identity.certificatePEM)
        let bundle = try AuthorityBundle(pem: authority.certificatePEM, source: "'ca.pem'")
        var generator = SeededGenerator(seed: 101)
        var readCount = 0
        for _ in 0..<Self.rounds {
            let text = try Self.changed(identity.certificatePEM, &generator)
            guard let facts = try? CertificateFacts(pem: text) else { continue }
            readCount += 1
            if let name = try? facts.peerName { #expect(try PeerName(uri: name.uri) == name) }
            _ = (
                facts.fingerprint, facts.keyFingerprint, facts.authorityCluster, facts.serial,
                try? facts.pem()
            )
            #expect(facts.notBefore <= 253_402_300_799 && facts.notAfter <= 253_402_300_799)
            _ = try? facts.isOf(identity.privateKeyPEM)
            _ = try? bundle.refusal(of: facts, as: .server)
            // Bytes behind its end are no part of it.
            if bundle.issuer(of: facts) != nil { #expect(facts == whole) }
        }
        #expect(readCount > 5)
    }

    @Test func `an authority, a request and a list are read or refused`() throws {
        let (request, _) = try CertificateRequest.create(PeerName(cluster: "demo", role: .node("node01")))
        let list = try RevocationList(
            [.init(serial: "4fff", revokedAt: 1), .init(serial: "0102", revokedAt: 2)], number: 3, now: 2,
            signedBy: authority)
        var generator = SeededGenerator(seed: 102)
        for _ in 0..<Self.rounds {
            _ = try? AuthorityBundle(pem: Self.changed(authority.certificatePEM, &generator), source: "x")
            if let read = try? CertificateRequest(pem: Self.changed(request.pem, &generator)) {
                // Its own signature covers all of it.
                #expect(read == request)
            }
            if let lists = try? RevocationLists(
                pem: Self.changed(list.pem, &generator), authorities: authority.certificatePEM)
            {
                #expect(lists.isEmpty || lists.lists == [list])
            }
        }
    }

    @Test func `text around certificates, and pieces of them, harm nothing`() throws {
        let leaf = try authority.issue(.observer).certificatePEM
        let text = Array(("# two\n" + leaf + authority.certificatePEM).utf8)
        var generator = SeededGenerator(seed: 103)
        for _ in 0..<Self.rounds {
            let changed = String(decoding: ByteMutation.damaged(text, using: &generator), as: UTF8.self)
            _ = try? CertificateFacts(pem: changed)
            _ = try? AuthorityBundle(pem: changed, source: "x")
            for kind in ["CERTIFICATE", "X509 CRL"] {
                for block in PEMText.blocks(of: changed, kind: kind) {
                    #expect(block.hasPrefix("-----BEGIN \(kind)-----\n"))
                }
            }
        }
    }

    @Test func `a name comes back from its text, or is none`() throws {
        let letters: [Unicode.Scalar] = ["a", "z", "0", "-", "/", ".", ":", "A", "\u{301}", "\u{0}", "%"]
        var generator = SeededGenerator(seed: 104)
        var readCount = 0
        for _ in 0..<(Self.rounds * 4) {
            func word() -> String {
                var text = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    // Mostly letters that a name may have.
                    let few = letters.prefix(
                        Int.random(in: 0..<3, using: &generator) == 0 ? letters.count : 4)
                    text.append(few.randomElement(using: &generator) ?? "a")
                }
                return String(text)
            }
            let tail = ["coordinator", "observer", "node/\(word())"].randomElement(using: &generator) ?? ""
            let uri = "spiffe://\(word())/\(tail)"
            guard let name = try? PeerName(uri: uri) else { continue }
            readCount += 1
            #expect(Array(name.uri.utf8) == Array(uri.utf8))
            #expect(
                name.dnsName.utf8.allSatisfy {
                    (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46
                })
        }
        #expect(readCount > Self.rounds / 2)
    }

    @Test func `a serial that is read is one that a certificate may have, and is read again as itself`()
        throws
    {
        var generator = SeededGenerator(seed: 105)
        let serial = try CertificateFacts(pem: authority.certificatePEM).serial
        #expect(CertificateSerial.text(serial) == serial)
        for start in ["serial=", "0x", "SERIAL=0X", ""] {
            for _ in 0..<(Self.rounds / 4) {
                let bytes = ByteMutation.damaged(Array((start + serial).utf8), using: &generator)
                guard let read = CertificateSerial.text(String(decoding: bytes, as: UTF8.self)) else {
                    continue
                }
                #expect(read.utf8.count % 2 == 0 && (2...40).contains(read.utf8.count))
                #expect(CertificateSerial.text(read) == read)
            }
        }
    }
}
