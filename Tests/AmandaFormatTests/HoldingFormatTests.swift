// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmandaFormat

/// Chunks that stock Amanda wrote; Fixtures/README.md says how.
@Suite struct HoldingFormatTests {
    private let directory = "/tmp/holding-am/holding/20261125211309"
    private let name = HoldingName(host: "localhost", disk: "/tmp/holding-am/odd: name", level: 0)

    private func stockFiles() throws -> [HeldFile] {
        try (0...1).map { index in
            let bytes = try amandaFixture("Holding/chunk-\(index)")
            return HeldFile(
                path: "\(directory)/\(name.chunk(index))", header: try DumpHeader(parsing: bytes),
                byteCount: Int64(bytes.count))
        }
    }

    @Test(arguments: ["chunk-0", "chunk-1", "partial-header"])
    func `rewrites the header of Amanda's chunk byte for byte`(fixture: String) throws {
        let block = Array(try amandaFixture("Holding/\(fixture)").prefix(DumpHeader.chunkHeaderByteCount))
        #expect(try DumpHeader(parsing: block).paddedBytes == block)
    }

    @Test func `makes the headers that Amanda's chunker makes`() throws {
        let (first, second) = (try stockFiles()[0].header, try stockFiles()[1].header)
        let onVolume = first.flushed
        #expect(onVolume.kind == .split && onVolume.continuationFileName == nil)
        #expect(onVolume.chunk(0, next: "\(directory)/\(name.chunk(1))") == first)
        #expect(onVolume.chunk(1, next: nil) == second)
    }

    @Test func `names chunks as Amanda does`() {
        #expect(name.first == "localhost._tmp_holding-am_odd_ name.0")
        #expect(name.chunk(0) == name.first && name.chunk(12) == "\(name.first).12")
    }

    @Test func `puts a dump of Amanda's together`() throws {
        let contents = HoldingContents(try stockFiles())
        let dump = try #require(contents.dumps.first)
        #expect(contents.dumps.count == 1 && contents.strays.isEmpty)
        #expect(dump.isWhole && dump.storedByteCount == 51_200)
        #expect(dump.path == "\(directory)/\(name.first)")
        #expect(dump.chunks.map(\.dataByteCount) == [32_768, 18_432])
    }

    @Test func `finds the next chunk on a holding disk that is mounted elsewhere`() throws {
        let moved = try stockFiles().map {
            HeldFile(
                path: $0.path.replacing("/tmp/holding-am/holding", with: "/mnt"), header: $0.header,
                byteCount: $0.dataByteCount + 32_768)
        }
        #expect(HoldingContents(moved).dumps.map(\.isWhole) == [true])
    }

    @Test func `says what a dump lacks`() throws {
        let files = try stockFiles()
        let alone = HoldingContents([files[0]]).dumps.first
        #expect(alone?.fault == "chunk '\(directory)/\(name.first).1' is missing")
        let cut = HeldFile(path: files[1].path, header: files[1].header, byteCount: 40_000)
        #expect(
            HoldingContents([files[0], cut]).dumps.first?.fault
                == "it has 40000 bytes, its header says 51200")
        let partial = try DumpHeader(parsing: try amandaFixture("Holding/partial-header"))
        let dump = HoldingContents([HeldFile(path: "/h/r/a", header: partial, byteCount: 1_528_383)]).dumps
            .first
        #expect(dump?.fault == HeldDump.cutShort)
    }

    @Test func `takes neither a chunk without its first one nor an unfinished one for a dump`() throws {
        let files = try stockFiles()
        let unfinished = HeldFile(path: files[0].path + ".tmp", header: files[0].header, byteCount: 65_536)
        let contents = HoldingContents([unfinished, files[1]])
        #expect(contents.dumps.isEmpty && contents.strays.count == 2)
    }

    @Test func `takes no chunk of another dump, and no circle`() throws {
        let files = try stockFiles()
        var other = files[1].header
        other.disk = "/elsewhere"
        let foreign = HeldFile(path: files[1].path, header: other, byteCount: 51_200)
        #expect(HoldingContents([files[0], foreign]).dumps.first?.isWhole == false)
        var looping = files[1].header
        looping.continuationFileName = files[1].path
        let circle = HeldFile(path: files[1].path, header: looping, byteCount: 51_200)
        #expect(HoldingContents([files[0], circle]).dumps.first?.isWhole == false)
    }
}
