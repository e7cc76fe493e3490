// SPDX-License-Identifier: Apache-2.0

import Gzip
import Testing

@Suite struct GzipInflaterTests {
    @Test(arguments: ["gzip -1", "gzip -9", "pigz -c", "pigz -b 128"])
    func `reads foreign streams`(command: String) throws {
        let native = sampleBytes(400_000, isRandom: false)
        let stream = try #require(try output(of: command, input: native))
        #expect(try inflated(stream) == native)
        #expect(try inflated(stream, step: 1_000, room: 777) == native)
    }

    @Test func `reads many members, ours and foreign, wherever the pieces are cut`() throws {
        let pieces = [sampleBytes(3_000, isRandom: false), [], sampleBytes(900, isRandom: true), [7]]
        let foreign = try #require(try output(of: "gzip", input: pieces[0]))
        let stream = try foreign + pieces.flatMap { try compressed($0, .best) }
        let native = pieces[0] + pieces.flatMap { $0 }
        for step in [1, 2, 7, 1_000] {
            #expect(try inflated(stream, step: step, room: 64) == native)
        }
    }

    @Test(arguments: [1, 96, 511, 70_000])
    func `allows zeros behind the last member`(count: Int) throws {
        let native = sampleBytes(1_000, isRandom: false)
        let stream = try compressed(native, .fast) + [UInt8](repeating: 0, count: count)
        #expect(try inflated(stream) == native)
        #expect(try inflated(stream, step: 13) == native)
    }

    @Test(arguments: [[1], [0, 0, 1], [0x1f, 0x8c], [0x1f, 0x1f]] as [[UInt8]])
    func `refuses garbage behind a member`(garbage: [UInt8]) throws {
        let stream = try compressed(sampleBytes(1_000, isRandom: false), .fast)
        #expect(throws: GzipError.self) { try inflated(stream + garbage) }
        #expect(throws: GzipError.self) { try inflated(stream + garbage, step: 1) }
    }

    @Test func `refuses every prefix`() throws {
        let stream = try #require(try output(of: "gzip", input: sampleBytes(600, isRandom: false)))
        for count in 0..<stream.count {
            #expect(throws: GzipError.truncated) { try inflated(Array(stream.prefix(count))) }
        }
    }

    @Test func `refuses what is no gzip and what is damaged`() throws {
        #expect(throws: GzipError.notGzip) { try inflated(Array("Not gzip at all".utf8)) }
        var stream = try #require(try output(of: "gzip", input: sampleBytes(5_000, isRandom: false)))
        stream[stream.count - 6] ^= 1
        #expect(throws: GzipError.damaged) { try inflated(stream) }
    }
}
