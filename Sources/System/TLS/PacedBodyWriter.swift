// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes
public import HummingbirdCore
public import NIOCore

/// Writes a response's body no faster than the peer takes it. Every answer of more than a few KiB goes through it.
///
/// `NIOAsyncWriter` learns that a channel is full only when the event loop has run; a producer that does not wait
/// for the loop outruns it by tens of MiB a connection (seen). So after every `paceByteCount` bytes the writer waits
/// for one turn of the loop, and what a stalled peer can pin is that and the kernel's socket buffers.
public struct PacedBodyWriter: ResponseBodyWriter {
    /// Bytes between two turns of the event loop.
    private static let paceByteCount = 262_144

    /// Largest piece that is passed on at once: a piece occupies twice its size while it is encrypted.
    static let pieceByteCount = 65_536

    private var base: any ResponseBodyWriter
    private let eventLoop: any EventLoop
    private let end: ContinuousClock.Instant?
    private var unpacedByteCount = 0

    /// Writes to `base`, whose connection is `channel` (`RequestContextSource` has it). After `maximumAge` the writer
    /// `isOverdue`.
    public init(_ base: any ResponseBodyWriter, channel: any Channel, maximumAge: Duration? = nil) {
        self.base = base
        eventLoop = channel.eventLoop
        end = maximumAge.map { ContinuousClock.now.advanced(by: $0) }
    }

    /// Whether an endless stream should end itself here, for the peer to ask again: a connection's certificates are
    /// looked at when it begins, so a peer that was removed since then, or whose certificate has expired, would stay.
    public var isOverdue: Bool { end.map { ContinuousClock.now >= $0 } ?? false }

    /// Writes all of `buffer`; returns when the peer may be given more.
    @concurrent public mutating func write(_ buffer: ByteBuffer) async throws {
        var rest = buffer
        while let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceByteCount)),
            piece.readableBytes > 0
        {
            try await base.write(piece)
            unpacedByteCount += piece.readableBytes
            if unpacedByteCount >= Self.paceByteCount {
                unpacedByteCount = 0
                try await eventLoop.submit {}.get()
            }
        }
    }

    /// Ends the body.
    @concurrent public consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await base.finish(trailingHeaders)
    }
}
