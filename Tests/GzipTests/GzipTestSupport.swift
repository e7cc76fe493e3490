// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc
import Gzip

/// Data that compress well, badly, and in between; the same for the same seed.
func sampleBytes(_ count: Int, seed: UInt64 = 1, isRandom: Bool) -> [UInt8] {
    var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
    let words = ["amanda ", "dumps ", "to ", "S3 ", "and ", "back ", "again\n"].map { Array($0.utf8) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        if isRandom {
            withUnsafeBytes(of: state) { bytes.append(contentsOf: $0) }
        } else {
            bytes.append(contentsOf: words[Int(state % 7)])
        }
    }
    return Array(bytes.prefix(count))
}

func compressed(_ native: [UInt8], _ level: GzipLevel) throws -> [UInt8] {
    let output = ByteBlock(capacity: GzipMember.capacity(nativeByteCount: native.count))
    try native.withUnsafeBytes { try GzipMember.compress($0, into: output, level: level) }
    return Array(output.bytes)
}

func decompressed(_ member: [UInt8], capacity: Int = 1 << 20) throws -> [UInt8] {
    let output = ByteBlock(capacity: capacity)
    try member.withUnsafeBytes { try GzipMember.decompress($0, into: output) }
    return Array(output.bytes)
}

/// The whole stream through the streaming inflater, `step` bytes at a time into blocks of `room` bytes.
func inflated(_ stream: [UInt8], step: Int = 1 << 16, room: Int = 1 << 16) throws -> [UInt8] {
    let inflater = try GzipInflater()
    let block = ByteBlock(capacity: room)
    var native: [UInt8] = []
    var offset = 0
    while offset < stream.count {
        let end = min(offset + step, stream.count)
        offset += try stream[offset..<end].withUnsafeBytes { try inflater.inflate($0, into: block) }
        native.append(contentsOf: block.bytes)
        block.count = 0
    }
    // What libz still holds because the block was full.
    repeat {
        block.count = 0
        _ = try inflater.inflate(UnsafeRawBufferPointer(start: nil, count: 0), into: block)
        native.append(contentsOf: block.bytes)
    } while block.count > 0
    try inflater.finish()
    return native
}

/// What a command prints when a file is its standard input; nil if it fails.
func output(of command: String, input: [UInt8]) throws -> [UInt8]? {
    var template = Array("/tmp/gzip-test.XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    defer { unlink(path) }
    _ = input.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    guard let stream = popen("exec 2>&- <\(path); \(command)", "r") else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, stream)
        if count == 0 { break }
        bytes.append(contentsOf: buffer.prefix(count))
    }
    return pclose(stream) == 0 ? bytes : nil
}
