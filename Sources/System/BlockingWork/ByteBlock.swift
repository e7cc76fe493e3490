// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Memory of fixed capacity, page aligned: what travels through the engine.
///
/// Ownership: one owner at a time. Whoever put a block into a queue, a request or a pool touches it no more until it
/// comes back; that rule, not a lock, is what makes it `Sendable`.
public final class ByteBlock: @unchecked Sendable {
    /// Bytes that fit.
    public let capacity: Int

    /// Bytes in use, from the beginning.
    public var count: Int {
        didSet { precondition(count >= 0 && count <= capacity) }
    }

    private let base: UnsafeMutableRawPointer

    /// A block of `capacity` bytes, none in use, contents undefined.
    public init(capacity: Int) {
        precondition(capacity >= 0)
        self.capacity = capacity
        base = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 1), alignment: 4096)
        count = 0
    }

    /// A block that holds exactly `bytes`.
    public convenience init(_ bytes: [UInt8]) {
        self.init(capacity: bytes.count)
        bytes.withUnsafeBytes { _ = append($0) }
    }

    deinit {
        base.deallocate()
    }

    /// All of the capacity.
    public var storage: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base, count: capacity)
    }

    /// The bytes in use. Valid as long as the caller holds the block.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count)
    }

    /// The room behind the bytes in use.
    public var remainder: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + count, count: capacity - count)
    }

    /// Takes bytes off the beginning; what is behind them moves there.
    public func removeFirst(_ byteCount: Int) {
        precondition((0...count).contains(byteCount))
        if byteCount > 0 { memmove(base, base + byteCount, count - byteCount) }
        count -= byteCount
    }

    /// Copies what fits of `source` behind the bytes in use; returns how many bytes that was.
    public func append(_ source: UnsafeRawBufferPointer) -> Int {
        let copied = min(source.count, capacity - count)
        if copied > 0, let start = source.baseAddress {
            memcpy(base + count, start, copied)
        }
        count += copied
        return copied
    }
}
