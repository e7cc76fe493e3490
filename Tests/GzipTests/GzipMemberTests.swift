// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc
import Gzip
import Testing

@Suite struct GzipMemberTests {
    @Test(arguments: [GzipLevel.fast, .best], [0, 1, 5, 1_000, 65_535, 65_536, 1 << 20])
    func `gives back what went in`(level: GzipLevel, count: Int) throws {
        for isRandom in [false, true] {
            let native = sampleBytes(count, isRandom: isRandom)
            let member = try compressed(native, level)
            #expect(try decompressed(member) == native)
            #expect(member.withUnsafeBytes { GzipMember.byteCount(header: $0) } == member.count)
            #expect(member.withUnsafeBytes { GzipMember.nativeByteCount(member: $0) } == native.count)
            #expect(member.count <= GzipMember.capacity(nativeByteCount: count))
        }
    }

    @Test(arguments: [GzipLevel.fast, .best])
    func `stores what compression would make longer and shortens what can be`(level: GzipLevel) throws {
        let random = sampleBytes(300_000, isRandom: true)
        #expect(try compressed(random, level).count <= 300_000 + 28 + 5 * 5)
        let text = sampleBytes(300_000, isRandom: false)
        #expect(try compressed(text, level).count < 150_000)
    }

    @Test(arguments: [GzipLevel.fast, .best], ["gunzip -c", "pigz -dc", "zcat -"])
    func `is read by the tools that everybody has`(level: GzipLevel, command: String) throws {
        let pieces = [sampleBytes(100_000, isRandom: false), [], sampleBytes(70_000, isRandom: true), [42]]
        let stream = try pieces.flatMap { try compressed($0, level) }
        #expect(try output(of: command, input: stream) == pieces.flatMap { $0 })
    }

    @Test func `tar -xzf reads it from a file and from a pipe`() throws {
        let archive = try #require(try output(of: "tar -cf - -C /etc hostname", input: []))
        let stream = try stride(from: 0, to: archive.count, by: 3_000).flatMap {
            try compressed(Array(archive[$0..<min($0 + 3_000, archive.count)]), .fast)
        }
        let contents = try output(of: "cat /etc/hostname", input: [])
        #expect(try output(of: "tar -xzOf -", input: stream) == contents)
        #expect(try output(of: "cat | tar -xzO", input: stream) == contents)
    }

    @Test func `refuses every prefix of a member`() throws {
        let member = try compressed(sampleBytes(2_000, isRandom: false), .fast)
        for count in 0..<member.count {
            #expect(throws: GzipError.truncated) { try decompressed(Array(member.prefix(count))) }
        }
    }

    @Test(arguments: [GzipLevel.fast, .best], [false, true])
    func `never gives other data for a member with one bit flipped`(
        level: GzipLevel, isRandom: Bool
    ) throws {
        let native = sampleBytes(1_500, isRandom: isRandom)
        let member = try compressed(native, level)
        var harmlessCount = 0
        for index in GzipMember.headerByteCount..<member.count {
            var changed = member
            changed[index] ^= 0x10
            // A few bits of deflate mean nothing (the padding before a byte boundary); the data must be the same then.
            if let given = try? decompressed(changed) {
                harmlessCount += 1
                #expect(given == native)
            }
        }
        #expect(harmlessCount <= 1)
    }

    @Test func `a byte behind the member or too little room is an error and changes nothing`() throws {
        let native = sampleBytes(5_000, isRandom: false)
        let member = try compressed(native, .fast)
        #expect(throws: GzipError.garbageBehindMember) { try decompressed(member + [0]) }
        let small = ByteBlock(capacity: 4_999)
        #expect(throws: GzipError.self) {
            try member.withUnsafeBytes { try GzipMember.decompress($0, into: small) }
        }
        #expect(small.count == 0)
    }

    @Test func `does not take foreign members for its own`() throws {
        let foreign = try #require(try output(of: "gzip -c", input: Array("hello".utf8)))
        #expect(foreign.withUnsafeBytes { GzipMember.byteCount(header: $0) } == nil)
        let other: [UInt8] =
            [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 8, 0] + Array("BC".utf8) + [4, 0, 1, 1, 1, 1]
        #expect(other.withUnsafeBytes { GzipMember.byteCount(header: $0) } == nil)
    }
}
