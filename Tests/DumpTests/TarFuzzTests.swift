// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing

@testable import Dump

/// Archives of GNU tar, changed at random: they are read or refused, in bounded memory. A trap would end the test program.
@Suite(.timeLimit(.minutes(9)))
struct TarFuzzTests {
    private static let rounds = LongTests.areWanted ? 600 : 40

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory("tar-fuzz")
        try shell(
            """
            mkdir -p tree/sub; cd tree; seq 200 >plain; : >empty; ln -s plain link; ln plain hard
            echo long >sub/\(String(repeating: "n", count: 180)); truncate -s 64K holes
            for n in 0 1 2 3 4 5 6 7; do echo $n | dd of=many bs=1 seek=$((n * 20000)) conv=notrunc status=none; done
            """, in: directory.path)
    }

    private func archive(_ flags: String) throws -> [UInt8] {
        try shell("cd tree; rm -f ../snapshot; tar \(flags) -S -cf ../archive.tar .", in: directory.path)
        return try FileSystem.readAll(directory.path("archive.tar"))
    }

    /// Fields of a header: name, size, checksum's own left out, type, link name, magic, GNU's sparse map and real size.
    private static let fields = [
        0..<100, 100..<108, 124..<136, 156..<157, 157..<257, 257..<265, 345..<386, 386..<512,
    ]
    private static let types = Array("0123456789DKLMNSVXgx\0".utf8)

    private static func number(_ width: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: Array(repeating: UInt8(ascii: "7"), count: width)
        case 1: [0x80] + Array(repeating: 0, count: width - 9) + [0x7F] + Array(repeating: 0xFF, count: 7)
        case 2: Array(repeating: 0xFF, count: width)
        case 3: [0x80] + Array(repeating: 0x80, count: width - 1)
        case 4: Array(repeating: 0, count: width)
        default: Array(repeating: UInt8(ascii: " "), count: width - 2) + [UInt8(ascii: "1"), 0]
        }
    }

    /// One header of the archive with some of its fields changed, and its checksum right again.
    private static func forged(
        _ archive: [UInt8], _ headers: [Int], _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = archive
        guard let start = headers.randomElement(using: &generator) else { return bytes }
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let field = fields.randomElement(using: &generator) ?? 0..<100
            let place = (start + field.lowerBound)..<(start + field.upperBound)
            switch field.count {
            case 12: bytes.replaceSubrange(place, with: number(12, &generator))
            case 1: bytes[place.lowerBound] = types.randomElement(using: &generator) ?? 0
            case 126:
                let pair = start + 386 + 12 * Int.random(in: 0..<8, using: &generator)
                bytes.replaceSubrange(pair..<(pair + 12), with: number(12, &generator))
                if Bool.random(using: &generator) {
                    bytes.replaceSubrange((start + 483)..<(start + 495), with: number(12, &generator))
                }
            default:
                for index in place where Int.random(in: 0..<4, using: &generator) == 0 {
                    bytes[index] = .random(in: 0...255, using: &generator)
                }
            }
        }
        let sum = (0..<512).reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(bytes[start + $1])) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "\0 "
        bytes.replaceSubrange((start + 148)..<(start + 156), with: Array(text.utf8))
        return bytes
    }

    /// Where headers with a right checksum stand.
    private static func headers(_ archive: [UInt8]) -> [Int] {
        stride(from: 0, to: archive.count, by: 512).filter { start in
            (try? TarHeader(Array(archive[start..<(start + 512)]))) != nil
        }
    }

    private static func read(_ archive: [UInt8], _ generator: inout SeededGenerator) -> Int {
        let witness = ArchiveWitness(
            ArchiveInterest(
                members: Set(["plain", "many", "holes", "hard", "sub", ""].map { Array($0.utf8) }),
                linkedByteCounts: [692, 0]))
        var reader = TarMemberReader()
        var memberCount = 0
        var hasFailed = false
        var start = 0
        while start < archive.count {
            let end = min(archive.count, start + Int.random(in: 1...40_000, using: &generator))
            archive[start..<end].withUnsafeBytes { bytes in
                witness.take(bytes)
                if hasFailed { return }
                do {
                    try reader.take(bytes) { _ in memberCount += 1 }
                } catch {
                    hasFailed = true
                }
            }
            start = end
        }
        _ = witness.findings.members.values.map { "\($0)" }
        return memberCount
    }

    @Test(arguments: ["--format=gnu", "--format=oldgnu", "--format=posix", "--format=gnu -g ../snapshot"])
    func `headers that claim anything`(flags: String) throws {
        let bytes = try archive(flags)
        let headers = Self.headers(bytes)
        var generator = SeededGenerator(seed: 41)
        var count = 0
        for _ in 0..<Self.rounds { count += Self.read(Self.forged(bytes, headers, &generator), &generator) }
        #expect(count > Self.rounds)
    }

    @Test(arguments: ["--format=gnu", "--format=posix"])
    func `bytes that were changed, and extended headers with absurd numbers`(flags: String) throws {
        let bytes = try archive(flags)
        var generator = SeededGenerator(seed: 42)
        for round in 0..<Self.rounds {
            let changed =
                round % 2 == 0
                ? ByteMutation.damaged(bytes, using: &generator)
                : ByteMutation.absurd(bytes, oneIn: 400, using: &generator)
            _ = Self.read(changed, &generator)
        }
    }

    @Test func `records of an extended header`() throws {
        let text = Array(
            ("30 mtime=1795000000.123456789\n11 path=ab\n19 size=1234567890\n22 GNU.sparse.major=1\n"
                + "27 GNU.sparse.realsize=99\n20 linkpath=abcdefg\n").utf8)
        var generator = SeededGenerator(seed: 43)
        for _ in 0..<(Self.rounds * 4) {
            var fields = PaxFields()
            let changed = ByteMutation.absurd(text, using: &generator)
            try? fields.read(
                Bool.random(using: &generator) ? changed : ByteMutation.damaged(changed, using: &generator))
        }
    }
}
