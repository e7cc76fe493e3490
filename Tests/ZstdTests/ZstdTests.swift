// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Foundation
import TestSupport
import Testing
import Zstd

private func sample(_ count: Int, isRandom: Bool = false) -> [UInt8] {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<count).map { index in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return isRandom ? UInt8(truncatingIfNeeded: state) : UInt8(truncatingIfNeeded: index / 7 % 61)
    }
}

private func member(_ native: [UInt8]) throws -> [UInt8] {
    let output = ByteBlock(capacity: ZstdMember.capacity(nativeByteCount: native.count))
    try native.withUnsafeBytes { try ZstdMember.compress($0, into: output) }
    return Array(output.bytes)
}

private func decompressed(_ member: [UInt8], capacity: Int = 1 << 20) throws -> [UInt8] {
    let output = ByteBlock(capacity: capacity)
    try member.withUnsafeBytes { try ZstdMember.decompress($0, into: output) }
    return Array(output.bytes)
}

private func inflated(_ stream: [UInt8], step: Int = 65_536, room: Int = 65_536) throws -> [UInt8] {
    let inflater = try ZstdInflater()
    let block = ByteBlock(capacity: room)
    var native: [UInt8] = []
    for start in stride(from: 0, to: stream.count, by: step) {
        var piece = stream[start..<min(start + step, stream.count)]
        var isFull = false
        repeat {
            block.count = 0
            let used = try piece.withUnsafeBytes { try inflater.inflate($0, into: block) }
            piece = piece.dropFirst(used)
            isFull = block.count == block.capacity
            native += block.bytes
        } while !piece.isEmpty || isFull
    }
    try inflater.finish()
    return native
}

/// What a program makes of `input`; nil if it fails.
private func output(of program: String, _ arguments: String..., input: [UInt8]) throws -> [UInt8]? {
    let directory = try TemporaryDirectory("amfleet-zstd-test")
    try Data(input).write(to: URL(fileURLWithPath: directory.path("input")))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try RequiredTools.path(program))
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: directory.path("input")))
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = Array(pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    return process.terminationStatus == 0 ? bytes : nil
}

@Suite(.enabled(if: RequiredTools.areUsable("zstd", "pzstd")), .timeLimit(.minutes(2))) struct ZstdTests {
    @Test(arguments: [0, 1, 70_001, 1 << 20])
    func `a member comes back, and says its length`(count: Int) throws {
        for isRandom in [false, true] {
            let native = sample(count, isRandom: isRandom)
            let bytes = try member(native)
            #expect(bytes.withUnsafeBytes { ZstdMember.byteCount(header: $0) } == bytes.count)
            #expect(bytes.withUnsafeBytes { ZstdMember.nativeByteCount(member: $0) } == count)
            #expect(try decompressed(bytes) == native)
        }
    }

    @Test func `zstd and pzstd read a stream of members, and another stream behind it`() throws {
        let native = sample(3_000_000) + sample(500_000, isRandom: true)
        let stream = try stride(from: 0, to: native.count, by: 1 << 20).flatMap {
            try member(Array(native[$0..<min($0 + 1 << 20, native.count)]))
        }
        #expect(try output(of: "zstd", "-dc", input: stream) == native)
        #expect(try output(of: "pzstd", "-dc", input: stream) == native)
        let filled = stream + ZstdMember.filling(byteCount: Int64(stream.count), toMultipleOf: 1536)
        #expect(filled.count % 1536 == 0)
        #expect(try output(of: "zstd", "-dc", input: filled) == native)
        #expect(try output(of: "pzstd", "-dc", input: filled) == native)
        #expect(try inflated(filled) == native)
        #expect(try output(of: "zstd", "-dc", input: filled + [0]) == nil, "what the filling is for")
    }

    @Test func `a filling is never shorter than a frame can be`() {
        for count in 0..<200 as Range<Int64> {
            let filling = ZstdMember.filling(byteCount: count, toMultipleOf: 96)
            #expect((Int(count) + filling.count) % 96 == 0)
            #expect(filling.isEmpty || filling.count >= 8)
        }
    }

    @Test(arguments: [(1, 1), (7, 100), (65_536, 3), (1 << 20, 1 << 20)])
    func `inflates what zstd and pzstd write, in pieces of any size`(step: Int, room: Int) throws {
        let native = sample(step < 10 || room < 10 ? 20_000 : 2_500_000)
        for program in ["zstd", "pzstd", "zstdmt"] {
            let stream = try #require(try output(of: program, "-c", input: native))
            #expect(try inflated(stream, step: step, room: room) == native)
            #expect(try inflated(stream + stream, step: step, room: room) == native + native)
            #expect(try inflated(stream + [0, 0, 0], step: step, room: room) == native)
        }
    }

    @Test func `no prefix of a stream counts as the whole`() throws {
        let stream = try #require(try output(of: "zstd", "-c", input: sample(5_000)))
        for end in stream.indices {
            #expect(throws: ZstdError.truncated) { try inflated(Array(stream[..<end])) }
        }
        let bytes = try member(sample(5_000))
        for end in bytes.indices {
            #expect(throws: ZstdError.self) { try decompressed(Array(bytes[..<end])) }
        }
    }

    @Test func `a flipped bit is found`() throws {
        let bytes = try member(sample(50_000, isRandom: true))
        for index in stride(from: 0, to: bytes.count, by: 997) {
            var damaged = bytes
            damaged[index] ^= 4
            #expect(throws: ZstdError.self, "byte \(index)") { try decompressed(damaged) }
        }
        var foreign = try #require(try output(of: "zstd", "-c", input: sample(50_000, isRandom: true)))
        foreign[foreign.count / 2] ^= 1
        #expect(throws: ZstdError.self) { try inflated(foreign) }
    }

    @Test func `says what is no zstd stream`() throws {
        let stream = try member(sample(100))
        #expect(throws: ZstdError.notZstd) { try inflated(Array("not a frame".utf8)) }
        #expect(throws: ZstdError.notZstd) { try inflated([0, 0, 0, 0]) }
        #expect(throws: ZstdError.garbageBehindFrame) { try inflated(stream + [1]) }
        #expect(throws: ZstdError.garbageBehindFrame) { try inflated(stream + [0, 0, 1]) }
        #expect("\(ZstdError.truncated)" == "the zstd stream ends in the middle of a frame")
    }

    @Test func `a member that gives more than fits is an error`() throws {
        let bytes = try member(sample(100_000))
        #expect(throws: ZstdError.self) { try decompressed(bytes, capacity: 99_999) }
    }
}
