// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import S3
import TestSupport
import Testing

/// Caps over real transfers to a real store: none is ever passed, however fast the machine. How much of one is reached is a matter
/// of the machine, and `ci/bench cap` prints it.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)), .serialized)
struct RateLimitTests {
    private let server: LocalS3Server
    private let bucket: String

    init() async throws {
        server = try await LocalS3Server.shared()
        bucket = try await server.makeBucket()
    }

    private func client(
        send: [RateLimiter] = [], receive: [RateLimiter] = [], limits: S3Limits = .init()
    ) throws -> S3Client {
        var way = S3Way()
        way.sendLimiters = send
        way.receiveLimiters = receive
        return S3Client(
            location: try S3Location(bucket: bucket, endpoint: server.endpoint),
            credentials: S3Fixture.everything, transport: try HTTPTransport(), limits: limits, retry: .quick,
            way: way)
    }

    /// Bytes a second of `count` transfers at the same time, and the seconds that each took.
    private func rate(
        _ count: Int, byteCount: Int, _ transfer: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> (bytesPerSecond: Double, seconds: [Double]) {
        let begun = ContinuousClock.now
        let seconds = try await withThrowingTaskGroup(of: Double.self) { group in
            for index in 0..<count {
                group.addTask {
                    try await transfer(index)
                    return (ContinuousClock.now - begun) / .seconds(1)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        return (Double(count * byteCount) / ((ContinuousClock.now - begun) / .seconds(1)), seconds)
    }

    @Test func `four uploads together keep one cap, and share it evenly`() async throws {
        let cap = 4_000_000
        let client = try client(send: [RateLimiter(bytesPerSecond: Int64(cap))])
        let blocks = (0..<4).map { ByteBlock.pattern(5_000_000, seed: $0 + 1) }
        let measured = try await rate(4, byteCount: 5_000_000) { index in
            _ = try await client.put("up-\(index)", blocks[index])
        }
        #expect(measured.bytesPerSecond <= Double(cap) * 1.05)
        #expect((measured.seconds.min() ?? 0) > 4)
    }

    @Test func `four downloads together keep one cap`() async throws {
        let cap = 4_000_000
        let plain = try client()
        let sent = (0..<4).map { ByteBlock.pattern(5_000_000, seed: $0 + 1) }
        let blocks = (0..<4).map { _ in ByteBlock(capacity: 5_000_000) }
        for index in 0..<4 { _ = try await plain.put("d\(index)", sent[index]) }
        let client = try client(receive: [RateLimiter(bytesPerSecond: Int64(cap))])
        let measured = try await rate(4, byteCount: 5_000_000) { index in
            try await client.get("d\(index)", range: 0..<5_000_000, into: blocks[index])
        }
        for (block, sent) in zip(blocks, sent) {
            let isSame = withExtendedLifetime((block, sent)) { block.bytes.elementsEqual(sent.bytes) }
            #expect(isSame)
        }
        #expect(measured.bytesPerSecond <= Double(cap) * 1.05)
    }

    @Test func `two caps hold at the same time`() async throws {
        let node = RateLimiter(bytesPerSecond: 3_000_000)
        let first = try client(send: [RateLimiter(bytesPerSecond: 1_000_000), node])
        let second = try client(send: [node])
        async let slow = rate(1, byteCount: 3_000_000) { _ in
            _ = try await first.put("slow", ByteBlock.pattern(3_000_000))
        }
        async let fast = rate(2, byteCount: 3_000_000) { index in
            _ = try await second.put("fast-\(index)", ByteBlock.pattern(3_000_000))
        }
        let (slowRate, fastRate) = (try await slow.bytesPerSecond, try await fast.bytesPerSecond)
        #expect(slowRate <= 1_050_000)
        #expect(slowRate + fastRate <= 3_150_000 * 1.05)
    }

    @Test func `a stream that waits for its turn is neither stalled nor too slow`() async throws {
        let limits = S3Limits(stall: .milliseconds(500), total: .seconds(2))
        let client = try client(send: [RateLimiter(bytesPerSecond: 20_000)], limits: limits)
        let measured = try await rate(8, byteCount: 20_000) { index in
            _ = try await client.put("k\(index)", ByteBlock.pattern(20_000))
        }
        #expect(measured.bytesPerSecond <= 21_000)
    }

    @Test func `a store that stalls is noticed under a cap all the same`() async throws {
        let proxy = try FaultyProxy(to: server.port)
        var way = S3Way()
        way.sendLimiters = [RateLimiter(bytesPerSecond: 50_000_000)]
        let client = S3Client(
            location: try S3Location(bucket: bucket, endpoint: proxy.endpoint),
            credentials: S3Fixture.everything, transport: try HTTPTransport(),
            limits: S3Limits(stall: .seconds(2)), retry: .quick, way: way)
        proxy.inject(.delay(.seconds(60)), method: "PUT")
        let begun = ContinuousClock.now
        _ = try await client.put("k", ByteBlock.pattern(10_000_000))
        #expect(ContinuousClock.now - begun < .seconds(50))
    }

    @Test func `a transfer that is cancelled while it waits frees its place`() async throws {
        let client = try client(send: [RateLimiter(bytesPerSecond: 500_000)])
        let long = Task { try await client.put("long", ByteBlock.pattern(50_000_000)) }
        try await Task.sleep(for: .seconds(1))
        long.cancel()
        await #expect(throws: CancellationError.self) { try await long.value }
        let measured = try await rate(1, byteCount: 1_000_000) { _ in
            _ = try await client.put("short", ByteBlock.pattern(1_000_000))
        }
        // Behind the rest of the long one it would wait for over a minute and a half.
        #expect(measured.seconds.allSatisfy { $0 < 60 })
    }
}
