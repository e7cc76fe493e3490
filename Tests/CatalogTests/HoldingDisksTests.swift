// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Files
import TestSupport
import Testing

@Suite struct HoldingDisksTests {
    private let directory: TemporaryDirectory
    private let disks: HoldingDisks
    private let run = "20261123030600"

    init() throws {
        directory = try TemporaryDirectory("amfleet-holding-test")
        let text = """
            holdingdisk one {
              directory "\(directory.path("one"))"
            }
            holdingdisk two {
              directory "\(directory.path("two"))"
            }

            """
        let configuration = try AmandaConfiguration(parsing: text, file: "/etc/amanda/demo/amanda.conf") {
            path -> String in throw FilesError("include", path, reason: "no test includes a file")
        }
        disks = HoldingDisks(configuration.holdingDisks)
    }

    /// A chunk with 100 bytes of data; `next` by its disk and name.
    private func write(
        _ index: Int, on disk: String, next: String? = nil, suffix: String = "", total: Int64 = 0
    ) throws -> String {
        var header = DumpHeader(
            kind: .split, datestamp: try #require(Datestamp(run)), host: "localhost", disk: "/data", level: 0,
            program: "APPLICATION")
        header.serverCRC = CRCSize(crc32c: 7, byteCount: total)
        let name = HoldingName(host: "localhost", disk: "/data", level: 0)
        let place = directory.path("\(disk)/\(run)")
        try FileSystem.makeDirectories(place)
        let path = "\(place)/\(name.chunk(index))\(suffix)"
        let following = next.map { directory.path("\($0)/\(run)/\(name.chunk(index + 1))") }
        try FileSystem.writeAtomically(
            path, header.chunk(index, next: following).paddedBytes + [UInt8](repeating: 1, count: 100))
        return path
    }

    @Test func `puts a dump together over several holding disks, and removes it whole`() throws {
        let first = try write(0, on: "one", next: "two", total: 300)
        _ = try write(1, on: "two", next: "one")
        _ = try write(2, on: "one")
        let contents = try disks.contents()
        let dump = try #require(contents.dumps.first)
        #expect(contents.dumps.count == 1 && contents.strays.isEmpty)
        #expect(dump.isWhole && dump.path == first && dump.storedByteCount == 300)
        try disks.remove(dump)
        #expect(try disks.contents() == HoldingContents([]))
        #expect(try FileSystem.list(directory.path("one")).isEmpty)
        #expect(try FileSystem.list(directory.path("two")).isEmpty)
    }

    @Test func `passes over what is no chunk, and a disk that is not there`() throws {
        _ = try write(0, on: "one", total: 100)
        try FileSystem.writeAtomically(directory.path("one/\(run)/pid"), Array("1".utf8))
        try FileSystem.writeAtomically(directory.path("one/\(run)/notes"), Array("hello".utf8))
        try FileSystem.makeDirectories(directory.path("one/lost+found"))
        let contents = try disks.contents()
        #expect(contents.dumps.map(\.isWhole) == [true] && contents.strays.isEmpty)
    }

    @Test func `a removal that was cut short leaves no dump`() throws {
        let first = try write(0, on: "one", next: "two", total: 200)
        _ = try write(1, on: "two")
        try FileSystem.remove(first)
        let contents = try disks.contents()
        #expect(contents.dumps.isEmpty && contents.strays.count == 1)
        #expect(try disks.removeLeftovers { _ in false }.isEmpty)
        #expect(try disks.removeLeftovers { $0.description == run }.count == 1)
        #expect(try FileSystem.list(directory.path("two")).isEmpty)
    }

    @Test func `a chunk whose first one lies on a disk that is not mounted now stays`() throws {
        let first = try write(0, on: "one", next: "two", total: 200)
        let second = try write(1, on: "two")
        let mounted = directory.path("one/\(run)")
        try FileSystem.rename(mounted, to: directory.path("elsewhere"))
        #expect(try disks.removeLeftovers { _ in true }.isEmpty)
        #expect(FileSystem.exists(second))
        try FileSystem.rename(directory.path("elsewhere"), to: mounted)
        #expect(try disks.contents().dumps.map(\.path) == [first])
        #expect(try disks.contents().dumps.map(\.isWhole) == [true])
    }

    @Test func `removes what a dead process left, and nothing of a living one or of a whole dump`() throws {
        _ = try write(0, on: "one", total: 100)
        let unfinished = try write(0, on: "two", suffix: ".tmp")
        let process = directory.path("two/\(run)/pid")
        try FileSystem.writeAtomically(process, Array("\(RunningProcess.current)".utf8))
        #expect(try disks.removeLeftovers { _ in true }.isEmpty)
        try FileSystem.writeAtomically(process, Array("4194305".utf8))  // more than any process can have
        #expect(try disks.removeLeftovers { _ in true } == [unfinished])
        #expect(try FileSystem.list(directory.path("two")).isEmpty)
        #expect(try disks.contents().dumps.count == 1)
    }

    @Test func `removes a chunk that died before it had a header, and only of the run that was asked for`()
        throws
    {
        let unfinished = try write(0, on: "two", suffix: ".tmp")
        try FileSystem.remove(unfinished)
        try FileSystem.writeAtomically(unfinished, [])
        let foreign = directory.path("two/20200101000000/host._data.0.tmp")
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: foreign))
        try FileSystem.writeAtomically(foreign, [])
        #expect(try disks.removeLeftovers { $0.description == run } == [unfinished])
        #expect(FileSystem.exists(foreign))
    }

    @Test func `follows no link out of a holding disk`() throws {
        let path = try write(0, on: "one", total: 100)
        try FileSystem.makeDirectories(directory.path("two"))
        try FileSystem.makeSymbolicLink(
            directory.path("two/\(run)"), to: FileSystem.parentDirectory(of: path))
        #expect(try disks.contents().dumps.map(\.path) == [path])
    }
}
