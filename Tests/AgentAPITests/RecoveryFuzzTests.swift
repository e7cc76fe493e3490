// SPDX-License-Identifier: Apache-2.0

import Foundation
import Sealing
import Secret
import TestSupport
import Testing

@testable import AgentAPI

/// What is written for the worst day is read back, whatever stands in it; what people and buckets make of it is read or refused. A trap
/// would end the test program.
@Suite struct RecoveryFuzzTests {
    private static let rounds = LongTests.areWanted ? 1_000 : 100

    let fixture: SealedFixture

    init() throws {
        fixture = try SealedFixture()
    }

    private func kit(prefix: String, endpoint: String? = nil) throws -> RecoveryKit {
        RecoveryKit(
            cluster: "demo", clusterID: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            storage: StorageAddress(
                bucket: "backups", prefix: prefix, region: "eu-central-1", endpoint: endpoint),
            authorities: [String(repeating: "0a", count: 32)],
            date: Date(timeIntervalSince1970: 1_796_000_000), certificatePEM: fixture.certificate.pem,
            keyPEM: try fixture.key.pem(passphrase: nil))
    }

    /// Among them what begins a field of the kit, or its key.
    private static let pieces = [
        "a", "prod/", "region:", "authority:", "cluster:", "date:", "-----BEGIN", " ", "%", "%20", "\u{E9}",
        "\u{301}", "xxxxxxxxxxxxxxx", "'", ":",
    ]

    @Test func `a kit comes back from its text, wherever a line of it ends`() throws {
        var generator = SeededGenerator(seed: 61)
        for _ in 0..<Self.rounds {
            let count = Int.random(in: 1...14, using: &generator)
            let prefix = (0..<count).map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined()
            let kit = try kit(prefix: prefix)
            let read = try RecoveryKit(parsing: kit.text, source: "'kit'")
            #expect(read == kit && Array(read.prefix.utf8) == Array(prefix.utf8), "'\(prefix)'")
        }
    }

    /// The line ends before it at every place.
    @Test(arguments: ["region:evil", "authority:00", "-----BEGIN PRIVATE KEY-----", ">x>"])
    func `no line of a long value is taken for another field`(text: String) throws {
        for length in 40...80 {
            let kit = try kit(prefix: String(repeating: "x", count: length) + text)
            #expect(try RecoveryKit(parsing: kit.text, source: "'kit'") == kit, "\(length)")
            for line in kit.text.plaintext.split(separator: "\n") where line.hasPrefix("prefix:") {
                #expect(line.count <= RecoveryKit.columns)
            }
        }
    }

    @Test func `a date with parts of a second is read as it is printed`() throws {
        let text = try kit(prefix: "demo").text.plaintext
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("date:") })
        let finer = text.replacing(line, with: line.replacing("Z", with: ".0000001Z"))
        let kit = try RecoveryKit(parsing: Secret(finer), source: "'kit'")
        #expect(finer != text)
        #expect(try RecoveryKit(parsing: kit.text, source: "'kit'") == kit)
    }

    @Test func `a kit that was damaged is read or refused, and what was read can be printed again`() throws {
        let text = Array(
            try kit(prefix: "prod/amfleet", endpoint: "https://s3.example:9000").text.plaintext.utf8)
        var generator = SeededGenerator(seed: 62)
        var readCount = 0
        for round in 0..<Self.rounds {
            let numbers = ByteMutation.absurd(text, oneIn: 20, using: &generator)
            let bytes = round % 2 == 0 ? numbers : ByteMutation.damaged(text, using: &generator)
            let changed = Secret(String(decoding: bytes, as: UTF8.self))
            guard let source = try? RecoverySource(text: changed, source: "'kit'"), let kit = source.kit
            else {
                continue
            }
            readCount += 1
            _ = try? source.key(passphrase: nil)
            let again = try RecoveryKit(parsing: kit.text, source: "'kit'")
            #expect(again == kit)
        }
        #expect(readCount > 0)
    }

    // MARK: The archive

    private static let letters: [Unicode.Scalar] = [
        "a", "/", "=", " ", "\n", "e", "\u{301}", "\u{E9}", "\u{200D}", "\u{1F511}", "\u{7F}", "9",
    ]

    private static func text(_ count: ClosedRange<Int>, _ generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: count, using: &generator) {
            text.append(letters.randomElement(using: &generator) ?? "a")
        }
        return String(text)
    }

    private static func file(_ generator: inout SeededGenerator) -> SealedFile {
        let names = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            let name = text(Bool.random(using: &generator) ? 1...8 : 60...120, &generator)
            // Mostly a name that can be one.
            let isKept = Int.random(in: 0..<20, using: &generator) == 0
            return String(name.unicodeScalars.map { $0 == "/" && !isKept ? "-" : Character($0) })
        }
        let content = (0..<Int.random(in: 0...1_100, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        func owner() -> String { text(0...40, &generator).replacing("\n", with: "n") }
        let ids = [0, 34, 2_097_151, 2_097_152, Int(UInt32.max) - 1]
        return SealedFile(
            path: "/" + names.joined(separator: "/"),
            kind: SealedFile.Kind.allCases.randomElement(using: &generator) ?? .settings,
            mode: Int.random(in: 0...0o777, using: &generator), user: owner(), group: owner(),
            userID: ids.randomElement(using: &generator) ?? 0,
            groupID: ids.randomElement(using: &generator) ?? 0,
            content: content)
    }

    /// By bytes: to Swift some different names are equal.
    private static func bytes(_ file: SealedFile) -> [[UInt8]] {
        [Array(file.path.utf8), Array(file.user.utf8), Array(file.group.utf8), file.content]
    }

    @Test func `whatever may be sealed comes back byte for byte`() throws {
        var generator = SeededGenerator(seed: 63)
        var (sealedCount, refusedCount) = (0, 0)
        for _ in 0..<(Self.rounds * 2) {
            let files = (0..<Int.random(in: 1...4, using: &generator)).map { _ in Self.file(&generator) }
            guard let bundle = try? SealedFixture.bundle(files) else {
                refusedCount += 1
                continue
            }
            sealedCount += 1
            let read = try BundleArchive.read(BundleArchive.bytes(of: bundle))
            #expect(read.files.map(Self.bytes) == files.map(Self.bytes))
            #expect(read == bundle)
        }
        #expect(sealedCount > Self.rounds / 4 && refusedCount > 0)
    }

    @Test func `a long name that begins with a mark comes back, and tar has it too`() throws {
        let path = "/\u{301}" + String(repeating: "n", count: 120)
        let file = SealedFixture.file(path)
        let bundle = try SealedFixture.bundle([file])
        let archive = try BundleArchive.bytes(of: bundle)
        #expect(try BundleArchive.read(archive) == bundle)
        try fixture.write("files.tar", archive)
        let told = try fixture.shell("mkdir out && tar -xpf files.tar -C out 2>&1")
        #expect(told.status == 0, "\(told.text)")
        #expect(try fixture.bytes("out" + path) == file.content)
    }

    @Test func `two names that differ in their code points alone are two files`() throws {
        let bundle = try SealedFixture.bundle([
            SealedFixture.file("/keys/\u{E9}", [1]), SealedFixture.file("/keys/e\u{301}", [2]),
        ])
        let read = try BundleArchive.read(BundleArchive.bytes(of: bundle))
        #expect(read.files.map(\.content) == [[1], [2]])
        #expect(read.files.map { $0.path.utf8.count } == [8, 9])
    }
}
