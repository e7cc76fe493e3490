// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc
import Synchronization

/// Reads a child's standard error to its end on a thread of its own: line by line to whoever wants them, or its tail.
final class MessageCollector: Sendable {
    private static let tailByteCount = 65_536
    /// Of the first, which tell why it failed.
    private static let headByteCount = 8_192
    /// A longer line is given in pieces.
    private static let longestLineByteCount = 1 << 20

    private let kept = Mutex<(head: [UInt8], tail: [UInt8], isCut: Bool)>(([], [], false))
    private let isAtEnd = Atomic<Bool>(false)

    init(
        _ pipe: PipeEnd, onLine: (@Sendable (UnsafeRawBufferPointer) -> Void)?
    ) throws(ThreadShortage) {
        try startThread("child-messages") { [self] in
            read(pipe, onLine)
            isAtEnd.store(true, ordering: .releasing)
        }
    }

    /// The first and the last; where something lies between, on lines of their own.
    var messages: String {
        kept.withLock { kept in
            let isCut = kept.isCut || kept.tail.count > Self.tailByteCount
            return String(
                decoding: kept.head + (isCut ? Array("\n".utf8) : []) + kept.tail.suffix(Self.tailByteCount),
                as: UTF8.self)
        }
    }

    /// Messages may still be under way when a child has ended; a grandchild may hold the pipe for ever.
    func waitUntilRead(limit: Duration) {
        let deadline = ContinuousClock.now + limit
        while !isAtEnd.load(ordering: .acquiring), ContinuousClock.now < deadline { usleep(1_000) }
    }

    private func read(_ pipe: PipeEnd, _ onLine: (@Sendable (UnsafeRawBufferPointer) -> Void)?) {
        guard let descriptor = pipe.number else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var begun: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            if let onLine {
                buffer.withUnsafeBytes {
                    split(UnsafeRawBufferPointer(rebasing: $0[..<count]), &begun, onLine)
                }
            } else {
                keep(buffer.prefix(count))
            }
        }
        if !begun.isEmpty { begun.withUnsafeBytes { onLine?($0) } }
    }

    private func keep(_ bytes: ArraySlice<UInt8>) {
        kept.withLock { kept in
            let first = bytes.prefix(Self.headByteCount - kept.head.count)
            kept.head += first
            kept.tail += bytes.dropFirst(first.count)
            guard kept.tail.count > 2 * Self.tailByteCount else { return }
            kept.tail.removeFirst(kept.tail.count - Self.tailByteCount)
            kept.isCut = true
        }
    }

    private func split(
        _ bytes: UnsafeRawBufferPointer, _ begun: inout [UInt8], _ onLine: (UnsafeRawBufferPointer) -> Void
    ) {
        var rest = bytes
        while let start = rest.baseAddress, let end = memchr(start, 10, rest.count) {
            let length = start.distance(to: UnsafeRawPointer(end))
            let line = UnsafeRawBufferPointer(rebasing: rest[..<length])
            if begun.isEmpty {
                onLine(line)
            } else {
                begun.append(contentsOf: line)
                begun.withUnsafeBytes { onLine($0) }
                begun.removeAll(keepingCapacity: true)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(length + 1)...])
            if rest.isEmpty { return }
        }
        begun.append(contentsOf: rest)
        if begun.count >= Self.longestLineByteCount {
            begun.withUnsafeBytes { onLine($0) }
            begun.removeAll(keepingCapacity: true)
        }
    }
}
