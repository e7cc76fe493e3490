// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import TestSupport
import Testing
import Volumes

@testable import Dump

/// Volumes that are directories.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct DirectoryVolumeTests {
    private let layout = StoragePlan(directoryBlockByteCount: 32 << 10)

    private func files(_ fixture: DumpFixture, _ name: String = "slot1") throws -> DirectoryFiles {
        try FileSystem.makeDirectories(fixture.directory.path(name))
        return try DirectoryFiles(
            DirectoryDevicePath(path: fixture.directory.path(name), slot: 1, dataDirectory: .ifPresent))
    }

    private func volume(
        _ files: DirectoryFiles, limit: Int64? = nil, layout: StoragePlan? = nil
    ) throws -> DirectoryVolume {
        let layout = layout ?? self.layout
        let label = VolumeHeader(datestamp: Datestamp("20261123030600"), label: "d-01")
        try files.write(label, owner: nil)
        return DirectoryVolume(
            label: "d-01", files: files, owner: nil, layout: layout,
            room: DirectoryVolume.room(
                in: files, limit: limit, used: 32 << 10, watchesFreeSpace: true, layout: layout))
    }

    @Test(arguments: [nil, .clientFast] as [DLEDescription.Compression?])
    func `a dump lies there as Amanda's file device writes it, and comes back`(
        compression: DLEDescription.Compression?
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 5M /dev/urandom > random; echo text > 'a file'", in: fixture.source)
        let files = try files(fixture)
        let cut = StoragePlan(directoryBlockByteCount: 32 << 10, partByteCount: 2_500_000)
        let outcome = try await fixture.dump(
            fixture.plan(compression, volume: try volume(files, layout: cut)))
        #expect(outcome.isUsable, "\(outcome.status)")
        #expect(outcome.parts.map(\.fileNumber) == [1, 2, 3])
        let disk = sanitisedDiskName(fixture.source)
        #expect(
            try FileSystem.list(files.directory) == ["00000.d-01"]
                + (1...3).map { "0000\($0).localhost.\(disk).0" })
        #expect(try files.label()?.label == "d-01")
        let script = """
            for file in 0000[123].*; do
                test "$(stat -c %a "$file")" = 600
                head -c 32768 "$file" | tr -d '\\0' | grep -aq 'dd if=<tape> bs=32k skip=1'
                dd if="$file" bs=32k skip=1 status=none
            done \(compression == nil ? "" : "| gzip -dc") > ../archive
            tar -tf ../archive | grep -x './a file'
            """
        try shell(script, in: files.directory)
        let reader = DirectoryReader(files)
        let header = try await reader.header(ofFile: 2)
        #expect(header.part?.number == 2)
        #expect(header.serverCRC == outcome.server)
        let plan = try await fixture.restorePlan(outcome, volumes: ["d-01": reader])
        _ = try await RestoreEngine().restore(plan)
        #expect(
            try manifest(of: fixture.target, withXattrs: true)
                == manifest(of: fixture.source, withXattrs: true))
    }

    @Test func `the volume never holds more than its limit, headers included`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 9M /dev/urandom > random", in: fixture.source)
        let (one, two) = (try files(fixture, "slot1"), try files(fixture, "slot2"))
        let limit: Int64 = 6 << 20
        let second = try volume(two, limit: limit)
        let series = try VolumeSeries(first: try volume(one, limit: limit)) { _ in second }
        let outcome = try await fixture.dump(fixture.plan(nil, volume: series))
        #expect(outcome.isUsable, "\(outcome.status)")
        for files in [one, two] {
            #expect(try files.entries().reduce(0) { $0 + $1.byteCount } <= limit)
            #expect(try files.entries().map(\.number) == [0, 1])
        }
    }

    @Test func `a dump that fails leaves its number and none of its data`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 9M /dev/urandom > random", in: fixture.source)
        let files = try files(fixture)
        let volume = try volume(files, limit: 6 << 20)
        let outcome = try await fixture.dump(fixture.plan(nil, volume: volume))
        guard case .failed(let error) = outcome.status else { throw TestFailure("it did not fail") }
        #expect("\(error)".hasPrefix("volume 'd-01' does not take "), "\(error)")
        let entries = try files.entries()
        #expect(entries.map(\.number) == [0, 1])
        #expect(try await DirectoryReader(files).header(ofFile: 1).isPartial)
    }

    @Test func `deleting takes exactly a volume's files`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let files = try files(fixture)
        let outcome = try await fixture.dump(fixture.plan(nil, volume: try volume(files)))
        #expect(outcome.isUsable)
        try shell(
            "echo mine > 2024.jpg; echo mine > notes; touch 00000-lock 00007.cut; mkdir data2",
            in: files.directory)
        try files.delete(from: 0)
        #expect(try FileSystem.list(files.directory) == ["00000-lock", "2024.jpg", "data2", "notes"])
    }

    @Test func `a file that only has such a name is left alone, and named`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let files = try files(fixture)
        try shell("echo mine > 00001.mine", in: files.directory)
        #expect(throws: VolumeError.foreignFile(path: "\(files.directory)/00001.mine")) {
            try files.delete(from: 0)
        }
        #expect(try FileSystem.list(files.directory) == ["00001.mine"])
    }

    @Test func `a FIFO of such a name is not waited for`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let files = try files(fixture)
        try shell("mkfifo 00000.label", in: files.directory)
        #expect(throws: VolumeError.foreignFile(path: "\(files.directory)/00000.label")) {
            _ = try files.label()
        }
    }

    @Test func `a file that was cut is not restored`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 1M /dev/urandom > random", in: fixture.source)
        let files = try files(fixture)
        let outcome = try await fixture.dump(fixture.plan(nil, volume: try volume(files)))
        try shell("truncate -s -1 00001.*", in: files.directory)
        let plan = try await fixture.restorePlan(outcome, volumes: ["d-01": DirectoryReader(files)])
        await #expect(throws: RestoreError.self) { try await RestoreEngine().restore(plan) }
        #expect(!FileSystem.exists(fixture.target))
    }

    @Test func `a volume is listed once, however many of its files are looked at`() async throws {
        let directory = try TemporaryDirectory("volume")
        for number in 101...300 {
            let start = Array("AMANDA: ".utf8)
            try FileSystem.writeAtomically(
                directory.path("00\(number).localhost.a.0"),
                start + [UInt8](repeating: 0, count: DirectoryFiles.headerByteCount - start.count + number))
        }
        let reader = DirectoryReader(
            try DirectoryFiles(DirectoryDevicePath(path: directory.path, slot: 1, dataDirectory: .never)))
        let listings = ListingCount(of: directory.path)
        let found = try await reader.files(Array(101...300))
        #expect(found.map(\.stored.byteCount) == (101...300).map(Int64.init))
        for number in UInt32(101)...300 { #expect(try await reader.files([number]).count == 1) }
        #expect(listings.take() == 1)
        // Those that are not there, once more together.
        let partly = try await reader.files([200, 301, 302, 201, 303])
        #expect(partly.map(\.stored.byteCount) == [200, 0, 0, 201, 0])
        #expect(listings.take() == 1)
    }

    /// Its files were looked for beside it then, and the volume was taken for an empty one.
    @Test func `a data directory that cannot be looked at is not passed over`() throws {
        let directory = try TemporaryDirectory("volume")
        try FileSystem.makeSymbolicLink(directory.path("data"), to: directory.path("data"))
        #expect(throws: FilesError.self) {
            _ = try DirectoryFiles(
                DirectoryDevicePath(path: directory.path, slot: 1, dataDirectory: .ifPresent))
        }
    }

    @Test func `a reader finds what was written, moved or deleted after it had looked`() async throws {
        let directory = try TemporaryDirectory("volume")
        let files = try DirectoryFiles(
            DirectoryDevicePath(path: directory.path, slot: 1, dataDirectory: .never))
        func make(_ name: String, _ byteCount: Int) throws {
            let start = Array("AMANDA: ".utf8)
            let length = DirectoryFiles.headerByteCount + byteCount
            try FileSystem.writeAtomically(
                directory.path(name), start + [UInt8](repeating: 0, count: length - start.count))
        }
        let reader = DirectoryReader(files)
        func lengths(_ numbers: [UInt32]) async throws -> [Int64] {
            try await reader.files(numbers).map(\.stored.byteCount)
        }
        try make("00001.localhost.a.0", 100)
        try make("00002.localhost.b.0", 200)
        #expect(try await lengths([1, 2, 3]) == [100, 200, 0])
        try make("00003.localhost.c.0", 300)
        #expect(try await lengths([1, 2, 3]) == [100, 200, 300])
        try shell("rm 00001.*; mv 00002.localhost.b.0 00002.localhost.other.1", in: directory.path)
        try make("00004.localhost.d.0", 400)
        #expect(try await lengths([4, 3, 2, 1]) == [400, 300, 200, 0])
        #expect(reader.name(ofFile: 2).hasSuffix("/00002.localhost.other.1"))
        await #expect(throws: RestoreError.missing(key: "\(directory.path)/1")) {
            try await reader.header(ofFile: 1)
        }
    }
}
