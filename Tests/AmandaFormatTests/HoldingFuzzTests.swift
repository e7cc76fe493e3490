// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import AmandaFormat

/// Headers and what lies on holding disks: what is written is read back the same, and whatever lies there is put together or left lying. A
/// trap would end the test program.
@Suite(.timeLimit(.minutes(5)))
struct HoldingFuzzTests {
    private static let rounds = LongTests.areWanted ? 3_000 : 300

    private static let letters: [UInt8] =
        Array("a/ \"\\'=|<:\t\r\n".utf8) + [0x01, 0x7F, 0xC3, 0xA9, 0xCC, 0x81, 0xFF]

    /// Any bytes but NUL, as a disk's name may have them.
    private static func name(_ count: ClosedRange<Int>, _ generator: inout SeededGenerator) -> String {
        String(
            amandaBytes: (0..<Int.random(in: count, using: &generator)).map { _ in
                letters.randomElement(using: &generator) ?? 0x61
            })
    }

    private static func word(_ generator: inout SeededGenerator) -> String {
        ["localhost", "h.example", "gnu-tar", "/usr/sbin/amcrypt", "-d"].randomElement(using: &generator)
            ?? "x"
    }

    private static func header(_ generator: inout SeededGenerator) throws -> DumpHeader {
        let kind = DumpHeader.Kind.allCases.randomElement(using: &generator) ?? .file
        func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &generator) ? value : nil }
        func checksum() -> CRCSize? {
            maybe(
                CRCSize(
                    crc32c: .random(in: 1...UInt32.max, using: &generator),
                    byteCount: .random(in: 1...(1 << 60), using: &generator)))
        }
        var header = DumpHeader(
            kind: kind, datestamp: try #require(Datestamp("20261123030600")), host: word(&generator),
            disk: "/" + name(0...12, &generator),
            part: kind == .split
                ? .init(number: .random(in: 1...99, using: &generator), total: maybe(99)) : nil,
            level: .random(in: 0...399, using: &generator), compressionSuffix: maybe(".gz"),
            program: "GNUTAR",
            application: maybe("amgtar"))
        header.encryptionSuffix = maybe("enc")
        header.serverCompressProgram = maybe(word(&generator))
        header.clientEncryptProgram = maybe(word(&generator))
        header.clientDecryptOption = maybe(word(&generator))
        header.continuationFileName = maybe(
            "/holding/20261123030600/"
                + HoldingName(
                    host: "localhost",
                    disk: String(amandaBytes: name(1...8, &generator).amandaBytes.filter { $0 != 10 }),
                    level: 1
                ).chunk(Int.random(in: 0...99, using: &generator)))
        header.isPartial = Bool.random(using: &generator)
        header.originalKiB = maybe(.random(in: 1...Int64.max, using: &generator))
        (header.nativeCRC, header.clientCRC, header.serverCRC) = (checksum(), checksum(), checksum())
        header.dleText = maybe(
            DLEDescription(program: "GNUTAR", disk: name(1...20, &generator), level: 0).text)
        header.blockKiB = maybe(32)
        header.recoveryCommands = [word(&generator), "/bin/tar -xpGf - ..."]
        return header
    }

    @Test func `a header comes back from its bytes, padded or not, whatever its disk is called`() throws {
        var generator = SeededGenerator(seed: 121)
        for _ in 0..<Self.rounds {
            let header = try Self.header(&generator)
            let read = try DumpHeader(parsing: header.bytes)
            #expect(read == header)
            #expect(read.disk.amandaBytes == header.disk.amandaBytes)
            #expect(try DumpHeader(parsing: header.paddedBytes) == header)
            #expect(try read.dle?.disk.amandaBytes == header.dle?.disk.amandaBytes)
        }
    }

    /// Chunks that name each other, themselves, others' and none; of some the header is damaged.
    private static func files(_ generator: inout SeededGenerator) throws -> [HeldFile] {
        let count = Int.random(in: 1...12, using: &generator)
        let paths = (0..<count).map { "/h\($0 % 2)/20261123030600/c\($0)" + ($0 % 5 == 4 ? ".tmp" : "") }
        return try paths.map { path in
            var header = DumpHeader(
                kind: [.file, .continuation, .split].randomElement(using: &generator) ?? .file,
                datestamp: try #require(Datestamp("20261123030600")), host: "localhost",
                disk: Bool.random(using: &generator) ? "/a" : "/b", level: 0, program: "GNUTAR")
            if header.kind == .split { header.part = .init(number: 1) }
            if Bool.random(using: &generator) {
                header.continuationFileName =
                    ((paths + ["", "/", "..", "/elsewhere/20261123030600/c1"]).randomElement(
                        using: &generator))
            }
            header.serverCRC =
                Bool.random(using: &generator)
                ? CRCSize(crc32c: 1, byteCount: .random(in: 0...99, using: &generator)) : nil
            let lengths: [Int64] = [0, 1, 32_767, 32_768, 32_800, .max]
            return HeldFile(
                path: path, header: header, byteCount: lengths.randomElement(using: &generator) ?? 0)
        }
    }

    @Test func `whatever lies on holding disks is a part of a dump, or a stray`() throws {
        var generator = SeededGenerator(seed: 122)
        var (dumpCount, wholeCount) = (0, 0)
        for _ in 0..<Self.rounds {
            let files = try Self.files(&generator)
            let contents = HoldingContents(files)
            let chunks = contents.dumps.flatMap { $0.chunks.map(\.path) }
            #expect(Set(chunks).union(contents.strays.map(\.path)) == Set(files.map(\.path)))
            #expect(Set(chunks).isDisjoint(with: contents.strays.map(\.path)))
            for dump in contents.dumps {
                dumpCount += 1
                wholeCount += dump.isWhole ? 1 : 0
                #expect(dump.chunks.count == Set(dump.chunks.map(\.path)).count && dump.storedByteCount >= 0)
                #expect(dump.chunks.allSatisfy { $0.dataByteCount >= 0 && !$0.path.hasSuffix(".tmp") })
                if dump.isWhole, let sum = dump.header.serverCRC, sum.isKnown {
                    #expect(sum.byteCount == dump.storedByteCount)
                }
            }
        }
        #expect(dumpCount > Self.rounds && wholeCount > 0)
    }

    @Test func `a damaged chunk is read or refused, and never longer than it is`() throws {
        let bytes = try amandaFixture("Holding/chunk-0")
        let head = Array(bytes.prefix(DumpHeader.chunkHeaderByteCount))
        var generator = SeededGenerator(seed: 123)
        var readCount = 0
        for round in 0..<(Self.rounds / 2) {
            // Most of it is padding.
            let start = Array(head.prefix(1_200))
            let changed =
                round % 2 == 0
                ? ByteMutation.damaged(start, using: &generator)
                : ByteMutation.absurd(start, oneIn: 4, using: &generator)
            guard let header = try? DumpHeader(parsing: changed + head.dropFirst(1_200)) else { continue }
            readCount += 1
            let file = HeldFile(path: "/h/20261123030600/a", header: header, byteCount: Int64(bytes.count))
            #expect(file.dataByteCount == Int64(bytes.count - DumpHeader.chunkHeaderByteCount))
            let again = try DumpHeader(parsing: header.paddedBytes)
            #expect(again.host == header.host && again.disk == header.disk && again.level == header.level)
            _ = (
                HoldingContents([file]).dumps.first?.fault, header.flushed.bytes,
                header.chunk(1, next: nil).bytes
            )
        }
        #expect(readCount > Self.rounds / 20)
    }
}
