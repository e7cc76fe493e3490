// SPDX-License-Identifier: Apache-2.0

import Faults
import TestSupport
import Testing

@testable import AmandaFormat

@Suite struct HeaderTests {
    static let dumpFixtures = [
        "Headers/gzip-best-level-0-filestart", "Headers/gzip-best-level-1-filestart",
        "Headers/amcrypt-part-2-filestart", "Headers/gzip-best-level-0.header",
    ]
    /// One dump of each way to compress (none, client and server, gzip and custom) and to encrypt that stock Amanda can do.
    static let filterFixtures =
        ["none", "cfast", "ccust"].flatMap { compression in
            ["none", "s-ossl", "s-amcrypt", "c-opt"].map { "Headers/filters/\(compression)-\($0)" }
        }
        + ["sbest", "scust"].flatMap { compression in
            ["none", "s-ossl", "s-amcrypt"].map { "Headers/filters/\(compression)-\($0)" }
        }

    @Test func `reads and rewrites Amanda's own volume label byte for byte`() throws {
        let block = try amandaFixture("Headers/gzip-best-special-tapestart")
        let header = try VolumeHeader(parsing: block)
        #expect(header == VolumeHeader(datestamp: Datestamp("20261123081039"), label: "amcat-0001"))
        #expect(header.bytes == block)
    }

    @Test func `a volume that was labelled and never written has no datestamp`() throws {
        let header = try VolumeHeader(parsing: Array("AMANDA: TAPESTART DATE X TAPE a-01\n\u{0C}\n".utf8))
        #expect(header == VolumeHeader(datestamp: nil, label: "a-01"))
    }

    @Test(arguments: filterFixtures)
    func `describes every way to compress and encrypt byte for byte as Amanda does`(name: String) throws {
        let block = try amandaFixture(name)
        let captured = try DumpHeader(parsing: block)
        let dle = try #require(try captured.dle)
        var header = DumpHeader(
            kind: .split, datestamp: captured.datestamp, host: captured.host, disk: captured.disk,
            part: captured.part, level: 0, program: "APPLICATION", application: "amgtar")
        header.originalKiB = captured.originalKiB
        header.nativeCRC = captured.nativeCRC
        header.clientCRC = captured.clientCRC
        header.serverCRC = captured.serverCRC
        header.dleText = dle.text
        header.describeFilters(of: dle)
        #expect(String(decoding: header.bytes, as: UTF8.self) == String(decoding: block, as: UTF8.self))
    }

    @Test(arguments: dumpFixtures + filterFixtures)
    func `reads and rewrites Amanda's own dump headers byte for byte`(name: String) throws {
        let block = try amandaFixture(name)
        let header = try DumpHeader(parsing: block)
        #expect(header.bytes == block)
        #expect(try DumpHeader(parsing: block + [UInt8](repeating: 0, count: 32_768 - block.count)) == header)
        #expect(try header.dle?.text == header.dleText)
    }

    @Test func `every fact of a real header is read`() throws {
        let header = try DumpHeader(parsing: try amandaFixture("Headers/amcrypt-part-2-filestart"))
        #expect(header.kind == .split)
        #expect(header.part == DumpHeader.Part(number: 2))
        #expect(header.compressionSuffix == ".gz")
        #expect(header.encryptionSuffix == "enc")
        #expect(header.serverEncryptProgram == "/usr/sbin/amcrypt")
        #expect(header.serverDecryptOption == "-d")
        let dle = try #require(try header.dle)
        #expect(dle.compression == .serverBest)
        #expect(dle.encryption == .serverCustom(program: "/usr/sbin/amcrypt", decryptOption: "-d"))
        #expect(dle.exclude == .init(lists: [".amanda.excludes"], isOptional: true))
        #expect(dle.plugin == "amgtar")
        #expect(dle.values(ofProperty: "XATTRS") == ["YES"])
        let holding = try DumpHeader(parsing: try amandaFixture("Headers/gzip-best-level-0-filestart"))
        #expect(holding.nativeCRC == CRCSize(crc32c: 0x54a2_96d5, byteCount: 1_187_840))
        #expect(holding.serverCRC == CRCSize(crc32c: 0xb272_69fd, byteCount: 672_467))
        #expect(holding.originalKiB == 1160)
    }

    @Test func `unusual names survive the header and its XML`() throws {
        let name = String(amandaBytes: Array("/srv/a b\"c\\d\té".utf8) + [0xFF, 0x0A])
        var header = DumpHeader(
            kind: .split, datestamp: try #require(Datestamp("20261123030600")), host: "localhost", disk: name,
            part: .init(number: 1), level: 0, program: "APPLICATION", application: "amgtar")
        var dle = DLEDescription(program: "APPLICATION", disk: name, level: 0, plugin: "amgtar")
        dle.include = .init(files: ["./\u{e9}", "./<&>"])
        dle.properties = [.init(name: "xattrs", values: ["YES", "no"], hasPriority: true)]
        header.dleText = dle.text + "\nENDDLE"
        header.dleText = dle.text
        let read = try DumpHeader(parsing: header.bytes)
        #expect(read == header)
        #expect(try read.dle == dle)
        #expect(read.disk.amandaBytes == name.amandaBytes)
    }

    @Test func `a DLE that holds the end mark gets a longer one`() throws {
        var header = try DumpHeader(parsing: try amandaFixture("Headers/gzip-best-level-0-filestart"))
        header.dleText = "a\nENDDLE\nENDDLE1\nb"
        #expect(String(decoding: header.bytes, as: UTF8.self).contains("DLE=<<ENDDLE2\n"))
        #expect(try DumpHeader(parsing: header.bytes) == header)
    }

    @Test(arguments: dumpFixtures + ["Headers/gzip-best-special-tapestart"])
    func `refuses every prefix of a header`(name: String) throws {
        let block = try amandaFixture(name)
        let formFeed = try #require(block.firstIndex(of: 0x0C))
        for end in 0...formFeed {
            #expect(throws: HeaderError.self) { try DumpHeader(parsing: Array(block[..<end])) }
            #expect(throws: HeaderError.self) { try VolumeHeader(parsing: Array(block[..<end])) }
        }
    }

    @Test(arguments: [
        ("", "not an Amanda header: it does not begin with 'AMANDA:'"),
        ("amanda: FILE\n\u{0C}\n", "not an Amanda header: it does not begin with 'AMANDA:'"),
        ("AMANDA: FILE 20261123030600", "cut Amanda header: the form feed that ends it is missing"),
        (
            "AMANDA: TAPESTART DATE X TAPE a\n\u{0C}\n",
            "an Amanda header of kind 'TAPESTART' stands where a dump's header is expected"
        ),
        (
            "AMANDA: FILE 2026 h /d lev 0 comp N program X\n\u{0C}\n",
            "malformed Amanda header: '2026' is no datestamp"
        ),
        (
            "AMANDA: SPLIT_FILE 20261123030600 h /d part 3/2 lev 0 comp N program X\n\u{0C}\n",
            "malformed Amanda header: '3/2' is no part number"
        ),
        ("AMANDA: FILE 20261123030600 h /d lev\n\u{0C}\n", "malformed Amanda header: the level is missing"),
    ])
    func `says what is wrong with a header`(text: String, message: String) {
        let error = #expect(throws: HeaderError.self) { try DumpHeader(parsing: Array(text.utf8)) }
        #expect(error?.description == message)
    }

    @Test func `survives damaged headers`() throws {
        var generator = SeededGenerator(seed: 1)
        for name in Self.dumpFixtures {
            let block = try amandaFixture(name)
            for _ in 0..<600 {
                guard let header = try? DumpHeader(parsing: damaged(block, using: &generator)) else {
                    continue
                }
                _ = try? header.dle
                #expect(try DumpHeader(parsing: header.bytes).disk == header.disk)
            }
        }
    }
}
