// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import Testing

@testable import AgentAPI

/// What a kernel, a header or a catalog says may be beyond what a document of ours can say. The reader would refuse the whole document,
/// and with it everything else that the node has to say.
@Suite struct SayableNumberTests {
    private static let numbers: [Int64] = [.min, -1, 0, 1, 1 << 53, 1 << 60, (1 << 60) + 1, .max]

    private let run: RunName

    init() throws {
        run = try #require(RunName("20261123030600"))
    }

    private func isRead<Value: Codable & Equatable>(_ value: Value) throws -> Bool {
        try WireJSON.read(Value.self, from: WireJSON.line(value), what: "a document") == value
    }

    /// s3fs calls its file system 16 EiB large.
    @Test(arguments: numbers) func `room and bytes of any size are said so that they are read`(
        number: Int64
    ) throws {
        #expect(
            try isRead(
                NodeRestorePlan.Room(path: "/x", freeBytes: number, leastBytes: number, mostBytes: number)))
        #expect(
            try isRead(
                NodeRestorePlan.Level(level: 0, run: run, storedBytes: 0, dumpedBytes: number, objects: 1)))
        #expect(try isRead(DumpMeasure(run: run, level: 0, bytes: number, names: number, files: number)))
        #expect(try isRead(HoleRecord(path: "/x", fileSystem: "fuse.s3fs", usedBytes: number)))
        #expect(try isRead(HeldDumpRecord.Chunk(path: "/x", byteCount: number)))
        #expect((0...(1 << 60)).contains([number, number].byteSum))
    }

    @Test(arguments: [0, -1, 1e15, 1e16, 1e300, .infinity, -.infinity, .nan])
    func `a time and an offset of any size are said so that they are read`(seconds: Double) throws {
        let expected = DumpExpectation(dumpedBytes: .max, storedBytes: .max, seconds: seconds, reason: "x")
        #expect(try isRead(expected))
        let status = NodeStatus(
            node: "node01", cluster: "demo", version: "1", time: Date(timeIntervalSince1970: 1_795_000_000),
            certificateExpiresAt: Date(timeIntervalSince1970: 1_795_000_000), isRoot: true,
            storageClockOffsetSeconds: seconds.isNaN ? 0 : seconds)
        let read = try WireJSON.read(NodeStatus.self, from: WireJSON.line(status), what: "status")
        #expect(read.storageClockOffsetSeconds == status.storageClockOffsetSeconds)
    }

    @Test func `a checksum's length beyond all dumps is none`() {
        #expect(CRCSize(parsing: "00000001:\(Int64.max)") == nil)
        #expect(CRCSize(parsing: "00000001:\(Int64(1) << 60)")?.byteCount == 1 << 60)
    }

    @Test(arguments: [
        ("30m", 1_800), ("1s", 1), ("1500ms", 1), ("2147483647s", 2_147_483_647), ("2147483648s", nil),
        ("99999999999d", nil), ("9223372036854775807ms", nil), ("0s", nil), ("999ms", nil), ("-5m", nil),
        ("5", nil), ("", nil), ("5 m", nil), ("\u{665}m", nil),
    ])
    func `a deadline is one that agents take`(text: String, seconds: Int?) {
        #expect(ThawOrder.deadlineSeconds(text) == seconds)
    }
}
