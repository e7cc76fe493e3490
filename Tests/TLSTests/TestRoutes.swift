// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import TLS

/// A request with its peer and its channel, as the agent's has them.
struct TestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peer: PeerIdentity?
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = PeerIdentity.current
        channel = source.channel
    }
}

/// What happened inside the routes.
final class Observations: Sendable {
    struct Upload: Sendable, Equatable {
        var byteCount = 0
        var isPattern = true
        var failure: String?
    }

    private let produced = Mutex(0)
    private let finished = Mutex<[Upload]>([])
    private let running = Mutex(0)

    var producedByteCount: Int { produced.withLock { $0 } }
    var uploads: [Upload] { finished.withLock { $0 } }
    var runningStreamCount: Int { running.withLock { $0 } }

    func produce(_ byteCount: Int) { produced.withLock { $0 += byteCount } }
    func finish(_ upload: Upload) { finished.withLock { $0.append(upload) } }
    func streams(_ change: Int) { running.withLock { $0 += change } }
}

/// Bytes that differ with their position.
enum Pattern {
    static let chunk: [UInt8] = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    static func bytes(at position: Int, count: Int) -> ArraySlice<UInt8> {
        let start = position % chunk.count
        return chunk[start..<min(start + count, chunk.count)]
    }

    /// Whether `bytes`, which begin at `position`, are what `bytes(at:count:)` gives.
    static func matches(_ bytes: ByteBufferView, at position: Int) -> Bool {
        bytes.withUnsafeBytes { bytes in
            chunk.withUnsafeBytes { chunk in
                var index = 0
                while index < bytes.count {
                    let start = (position + index) % chunk.count
                    let count = min(bytes.count - index, chunk.count - start)
                    guard let sent = bytes.baseAddress, let expected = chunk.baseAddress,
                        memcmp(sent + index, expected + start, count) == 0
                    else { return false }
                    index += count
                }
                return true
            }
        }
    }
}

enum TestRoutes {
    static func router(_ seen: Observations) -> Router<TestContext> {
        let router = Router(context: TestContext.self)
        router.get("who") { _, context in
            guard let peer = context.peer else { return "nobody" }
            return "\(peer.name.uri) \(peer.notAfter) \(peer.remoteAddress)"
        }
        router.get("bytes/:count") { _, context in
            let count = try context.parameters.require("count", as: Int.self)
            return download(count, isPaced: true, context.channel, seen)
        }
        router.get("unpaced/:count") { _, context in
            let count = try context.parameters.require("count", as: Int.self)
            return download(count, isPaced: false, context.channel, seen)
        }
        router.get("stream") { _, context in stream(context.channel, seen) }
        router.post("sink") { request, _ in try await upload(request, seen) }
        router.post("slowsink") { request, _ in
            try await Task.sleep(for: .seconds(2))
            return try await upload(request, seen)
        }
        router.post("ignore") { _, _ in
            // Until the unread body fills every buffer on its way.
            try await Task.sleep(for: .milliseconds(500))
            return "ignored"
        }
        let barrier = Barrier()
        router.get("together/:count") { _, context in
            try await barrier.wait(for: context.parameters.require("count", as: Int.self))
            return "together\n"
        }
        return router
    }

    private static func download(
        _ count: Int, isPaced: Bool, _ channel: any Channel, _ seen: Observations
    ) -> Response {
        let body = ResponseBody(contentLength: count) { writer in
            seen.streams(1)
            defer { seen.streams(-1) }
            var body: any ResponseBodyWriter = isPaced ? PacedBodyWriter(writer, channel: channel) : writer
            var sent = 0
            while sent < count {
                let piece = Pattern.bytes(at: sent, count: count - sent)
                try await body.write(ByteBuffer(bytes: piece))
                sent += piece.count
                seen.produce(piece.count)
            }
            try await body.finish(nil)
        }
        return Response(status: .ok, body: body)
    }

    private static func stream(_ channel: any Channel, _ seen: Observations) -> Response {
        let body = ResponseBody { writer in
            seen.streams(1)
            defer { seen.streams(-1) }
            var body = PacedBodyWriter(writer, channel: channel, maximumAge: .seconds(600))
            while !body.isOverdue {
                try await body.write(ByteBuffer(string: "{\"event\":1}\n"))
                try await Task.sleep(for: .milliseconds(20))
            }
            try await body.finish(nil)
        }
        return Response(status: .ok, body: body)
    }

    private static func upload(_ request: Request, _ seen: Observations) async throws -> String {
        var upload = Observations.Upload()
        do {
            for try await buffer in request.body {
                upload.isPattern =
                    upload.isPattern && Pattern.matches(buffer.readableBytesView, at: upload.byteCount)
                upload.byteCount += buffer.readableBytes
            }
        } catch {
            upload.failure = "\(error)"
            seen.finish(upload)
            throw error
        }
        seen.finish(upload)
        return "\(upload.byteCount)\n"
    }
}

/// Holds requests until as many have come as each of them asks for.
actor Barrier {
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait(for count: Int) async throws {
        guard waiting.count + 1 < count else {
            waiting.forEach { $0.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
