// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmandaFormat

@Suite struct HoldingSpaceTests {
    private static let mebibyte: Int64 = 1 << 20

    private func disk(
        use: Int64 = 0, chunk: Int64 = 10, fileSystem: UInt64 = 1, free: Int64 = 100, held: Int64 = 0,
        promised: Int64 = 0, dumps: Int = 0
    ) -> HoldingSpace.Disk {
        .init(
            useByteCount: use * Self.mebibyte, chunkByteCount: chunk * Self.mebibyte, fileSystem: fileSystem,
            freeByteCount: free * Self.mebibyte, heldByteCount: held * Self.mebibyte,
            promisedByteCount: promised * Self.mebibyte, dumpCount: dumps)
    }

    private func room(_ disk: HoldingSpace.Disk) -> Int64 {
        HoldingSpace([disk]).room(0) / Self.mebibyte
    }

    @Test func `uses at most, all, or all but so much`() {
        #expect(room(disk(use: 30)) == 30)
        #expect(room(disk(use: 300)) == 100, "not more than there is")
        #expect(room(disk(use: 0)) == 100)
        #expect(room(disk(use: -40)) == 60)
        #expect(room(disk(use: -400)) == 0)
    }

    @Test func `counts what lies there and what is promised`() {
        #expect(room(disk(use: 30, held: 10)) == 20)
        #expect(room(disk(use: 0, held: 10)) == 100, "the kernel has counted it")
        #expect(room(disk(use: 30, held: 10, promised: 15)) == 5)
        #expect(room(disk(use: -40, promised: 15)) == 45)
        #expect(room(disk(use: 30, held: 50)) == 0)
    }

    @Test func `counts what is promised on another holding disk of the same file system`() {
        let space = HoldingSpace([disk(promised: 70), disk()])
        #expect(space.room(1) == 30 * Self.mebibyte)
        #expect(HoldingSpace([disk(promised: 70), disk(fileSystem: 2)]).room(1) == 100 * Self.mebibyte)
        #expect(HoldingSpace([disk(), disk()]).totalRoom == 100 * Self.mebibyte)
        #expect(HoldingSpace([disk(), disk(fileSystem: 2)]).totalRoom == 200 * Self.mebibyte)
    }

    @Test func `takes the disk with the fewest dumps, then the one with most room, then the first`() {
        func first(_ disks: [HoldingSpace.Disk]) -> Int? {
            HoldingSpace(disks).place(byteCount: Self.mebibyte)?.first?.disk
        }
        #expect(first([disk(), disk(fileSystem: 2)]) == 0)
        #expect(first([disk(), disk(fileSystem: 2, free: 200)]) == 1)
        #expect(first([disk(), disk(fileSystem: 2, free: 200, dumps: 1)]) == 0)
    }

    @Test func `lays a dump over several disks`() {
        let space = HoldingSpace([disk(free: 30), disk(fileSystem: 2, free: 50)])
        #expect(
            space.place(byteCount: 70 * Self.mebibyte) == [
                .init(disk: 1, byteCount: 50 * Self.mebibyte), .init(disk: 0, byteCount: 20 * Self.mebibyte),
            ])
        #expect(space.place(byteCount: 81 * Self.mebibyte) == nil)
    }

    @Test func `gives chunks of whole blocks where there is room`() {
        let space = HoldingSpace([disk(free: 7), disk(fileSystem: 2, free: 50)])
        #expect(space.nextChunk(preferring: 0) == .init(disk: 0, byteCount: 7 * Self.mebibyte))
        #expect(space.nextChunk(preferring: 0, without: [0]) == .init(disk: 1, byteCount: 10 * Self.mebibyte))
        #expect(space.nextChunk(preferring: nil) == .init(disk: 1, byteCount: 10 * Self.mebibyte))
        #expect(space.nextChunk(preferring: nil, without: [0, 1]) == nil)
        var odd = disk()
        odd.freeByteCount = 100_000
        #expect(HoldingSpace([odd]).nextChunk(preferring: 0)?.byteCount == 98_304)
        odd.freeByteCount = 65_535
        #expect(HoldingSpace([odd]).nextChunk(preferring: 0) == nil, "a chunk has a header and some data")
    }

    @Test func `survives figures at the ends of their range`() {
        let space = HoldingSpace([
            .init(
                useByteCount: .min, chunkByteCount: .max, fileSystem: 1, freeByteCount: .max,
                promisedByteCount: .max),
            .init(
                useByteCount: .max, chunkByteCount: .max, fileSystem: 2, freeByteCount: .max,
                heldByteCount: 1,
                promisedByteCount: 0),
        ])
        #expect(space.room(0) == 0 && space.room(1) == .max - 1)
        #expect(space.place(byteCount: .max) == nil)
        #expect(space.nextChunk(preferring: nil)?.disk == 1)
    }

    @Test func `reserve keeps its share for increments`() {
        let reserve = HoldingReserve(percent: 30, roomAtStart: 100)
        #expect(reserve.admits(level: 0, byteCount: 50, room: 80))
        #expect(!reserve.admits(level: 0, byteCount: 51, room: 80))
        #expect(reserve.admits(level: 1, byteCount: 80, room: 80))
        #expect(!HoldingReserve(percent: 100, roomAtStart: 100).admits(level: 0, byteCount: 1, room: 100))
        #expect(HoldingReserve(percent: 0, roomAtStart: 100).admits(level: 0, byteCount: 100, room: 100))
    }
}
