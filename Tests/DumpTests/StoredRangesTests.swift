// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import TestSupport
import Testing
import Volumes

@testable import Dump

/// The pieces of a stored stream are found, and not held.
@Suite struct StoredRangesTests {
    private struct NoReader: VolumeReader {
        var way: VolumeWay { .here }
        func name(ofFile number: UInt32) -> String { "" }
        func header(ofFile number: UInt32) async throws -> DumpHeader { throw CancellationError() }
        func files(_ numbers: [UInt32]) async throws -> [FoundFile] { [] }
        func read(
            _ piece: StoredFile.Piece, _ bytes: Range<Int64>, into block: ByteBlock, onNewConnection: Bool
        ) async throws {}
    }

    private func segments(_ byteCounts: [Int64]) -> [StoredStream.Segment] {
        byteCounts.enumerated().map { number, byteCount in
            .init(
                volume: NoReader(), stored: .init(key: "k\(number)", byteCount: byteCount), part: nil,
                crc32c: nil)
        }
    }

    /// As a loop over all of it makes them.
    private func written(_ byteCounts: [Int64], _ limit: Int64) -> [(String, Range<Int64>, Int64)] {
        var (all, offset) = ([(String, Range<Int64>, Int64)](), Int64(0))
        for (number, byteCount) in byteCounts.enumerated() {
            for start in stride(from: 0, to: byteCount, by: Int64.Stride(limit)) {
                all.append(("k\(number)", start..<min(start + limit, byteCount), offset + start))
            }
            offset += byteCount
        }
        return all
    }

    @Test(
        arguments: [[], [0], [1], [7], [8, 0, 3], [0, 0, 15, 8, 1, 0], [100, 1, 1, 1, 7]] as [[Int64]],
        [1, 7, 8, 1000])
    func `they are those of a loop`(byteCounts: [Int64], limit: Int) {
        let ranges = StoredRanges(segments(byteCounts), limit: limit)
        let expected = written(byteCounts, Int64(limit))
        #expect(ranges.count == expected.count)
        #expect(zip(ranges, expected).allSatisfy { $0.key == $1.0 && $0.bytes == $1.1 && $0.offset == $1.2 })
        #expect(ranges.bySegment.flatMap { Array($0.indices) } == Array(0..<expected.count))
        let total = byteCounts.reduce(0, +)
        for offset in 0..<(total + 3) {
            #expect(ranges.first(beyond: offset) == expected.firstIndex { $0.2 + Int64($0.1.count) > offset })
            let indices = ranges.indices(from: offset, byteCount: 5)
            let first =
                expected.firstIndex { $0.2 + Int64($0.1.count) > offset } ?? max(0, expected.count - 1)
            let end =
                expected[min(first, expected.count)...].firstIndex { $0.2 >= offset + 5 } ?? expected.count
            #expect(indices == first..<end)
        }
    }

    @Test func `very many cost no more than their objects`() {
        let ranges = StoredRanges(segments([64 << 40, 1]), limit: 10 << 20)
        #expect(ranges.count == 6_710_888)
        #expect(ranges[6_710_886].bytes.upperBound == 64 << 40)
        #expect(ranges[6_710_887].key == "k1")
    }
}
