// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Logging
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import TLS

/// The handler before there is a peer, where every order of events can be played without a clock.
@Suite struct TLSChannelHandlerTests {
    @Test func `keeps writes until the handshake, and fails them when there is none`() throws {
        try withChannel { channel, seen in
            let write = channel.writeAndFlush(ByteBuffer(string: "early"))
            let sent = try channel.readOutbound(as: ByteBuffer.self)
            #expect(sent == nil)
            channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            #expect(throws: ChannelError.ioOnClosedChannel) { try write.wait() }
            #expect(!channel.isActive)
            #expect(seen.reads == 0)
        }
    }

    @Test func `closes at once while there is no peer`() throws {
        try withChannel { channel, _ in
            try channel.close(mode: .all).wait()
            #expect(!channel.isActive)
        }
    }

    @Test func `cannot close its input`() throws {
        try withChannel { channel, _ in
            #expect(throws: ChannelError.operationUnsupported) { try channel.close(mode: .input).wait() }
        }
    }

    @Test func `answers garbage by an alert and tells above`() throws {
        try withChannel { channel, seen in
            _ = try? channel.writeInbound(ByteBuffer(bytes: [0x17, 3, 3, 0, 2, 1, 1]))
            let alert = try #require(try channel.readOutbound(as: ByteBuffer.self))
            #expect(alert.getInteger(at: 0) == UInt8(0x15))
            #expect(seen.errors.count == 1)
            #expect(seen.errors.first is TLSError)
        }
    }

    @Test func `gives a silent peer up when its time is up`() throws {
        try withChannel { channel, _ in
            channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            #expect(channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .seconds(2))
            #expect(!channel.isActive)
        }
    }

    /// NIO ends the process when a promise is dropped without an outcome, so that each walk checks the promises too.
    @Test func `survives every order of four events, with a handler above that closes on errors`() throws {
        let kinds = 9
        for number in 0..<(kinds * kinds * kinds * kinds) {
            var rest = number
            try withChannel(closesOnError: number % 2 == 0) { channel, _ in
                for _ in 0..<4 {
                    play(rest % kinds, on: channel)
                    rest /= kinds
                }
            }
        }
    }

    private func play(_ kind: Int, on channel: EmbeddedChannel) {
        switch kind {
        case 0: channel.writeAndFlush(ByteBuffer(string: "x"), promise: channel.eventLoop.makePromise())
        case 1: channel.write(ByteBuffer(string: "y"), promise: channel.eventLoop.makePromise())
        case 2: channel.flush()
        case 3: _ = try? channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        case 4: _ = try? channel.writeInbound(ByteBuffer(bytes: [0x16, 3, 1, 0, 200, 1]))
        case 5: channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case 6: channel.close(mode: .output, promise: channel.eventLoop.makePromise())
        case 7: channel.close(mode: .all, promise: channel.eventLoop.makePromise())
        default: channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        }
    }

    private func withChannel(
        closesOnError: Bool = false, _ body: (EmbeddedChannel, Watcher) throws -> Void
    ) throws {
        let context = try Self.context.get()
        let watcher = Watcher(closesOnError: closesOnError)
        let channel = EmbeddedChannel()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try channel.pipeline.syncOperations.addHandler(
            TLSChannelHandler(
                context.makeConnection(), peer: PeerSlot(), peers: context.peers, limits: TLSLimits(),
                gate: ConnectionGate(ConnectionLimits(), idle: .seconds(60)), refusal: { _, _ in [] },
                logger: logger))
        try channel.pipeline.syncOperations.addHandler(watcher)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try body(channel, watcher)
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    private static let context = Result<TLSServerContext, any Error> {
        let directory = NSTemporaryDirectory() + "tls-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let identity = try TestAuthority(directory: directory).write(.node("node01"))
        return try TLSServerContext(
            authority: identity.authority, certificate: identity.certificate, privateKey: identity.privateKey,
            cluster: "demo")
    }
}

/// What arrives above TLS.
private final class Watcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private(set) var reads = 0
    private(set) var errors: [any Error] = []
    private let closesOnError: Bool

    init(closesOnError: Bool) {
        self.closesOnError = closesOnError
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reads += 1
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        errors.append(error)
        if closesOnError {
            context.close(promise: nil)
        }
    }
}
