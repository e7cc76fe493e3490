// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import InMemoryLogging
import Logging
import Secret
import Synchronization
import TestSupport
import Testing

@testable import S3

/// What the log tells of a client's work.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct S3LogTests {
    private let proxy: FaultyProxy
    private let log = InMemoryLogHandler()
    private let client: S3Client

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        client = S3Client(
            location: try S3Location(bucket: try await server.makeBucket(), endpoint: proxy.endpoint),
            credentials: S3Fixture.everything, transport: try HTTPTransport(),
            limits: S3Limits(concurrentRequests: 2),
            retry: RetryPolicy(firstDelay: .milliseconds(5), longestDelay: .milliseconds(50)),
            logger: log.logger)
    }

    private func lines(_ message: Logger.Message) -> [Logger.Metadata] {
        log.entries.filter { $0.message == message }.map(\.metadata)
    }

    @Test func `every retry of a part is a line with its number, the delay and the reason`() async throws {
        let upload = try await client.createMultipartUpload("k")
        proxy.inject(.error(status: 503, code: "SlowDown"), method: "PUT", times: 2)
        let part = try await client.uploadPart(upload, number: 7, .pattern(100_000))
        let retries = lines("S3 request failed, trying again")
        #expect(retries.map { $0["part"] } == ["7", "7"])
        #expect(retries.map { $0["action"] } == ["UploadPart", "UploadPart"])
        #expect(retries.map { $0["key"] } == ["k", "k"])
        #expect(retries.map { $0["attempt"] } == ["1", "2"])
        #expect(
            retries.map { $0["reason"] } == .init(repeating: "status 503 SlowDown: said the proxy", count: 2))
        for delay in retries.map({ $0["delay"] }) {
            #expect("\(delay ?? "")".wholeMatch(of: /0\.0\d\d s/) != nil)
        }
        try await client.completeMultipartUpload(upload, parts: [part])
        #expect(lines("multipart upload begun").count == 1)
        #expect(lines("multipart upload completed").map { $0["bytes"] } == ["100000"])
    }

    @Test func `an upload that is given up is a line`() async throws {
        let upload = try await client.createMultipartUpload("k")
        try await client.abortMultipartUpload(upload)
        #expect(lines("multipart upload aborted").map { $0["key"] } == ["k"])
    }

    @Test func `fewer requests at a time, and as many as before, are a line each`() async throws {
        proxy.inject(.error(status: 503, code: "SlowDown"), method: "PUT", times: 1)
        _ = try await client.put("k", [1])
        for _ in 0..<4 { _ = try await client.head("k") }
        #expect(lines("S3 asked to slow down, fewer requests at a time").map { $0["limit"] } == ["1"])
        #expect(lines("S3 keeps up again, as many requests at a time as before").map { $0["limit"] } == ["2"])
    }

    @Test func `what the store says is cut and cannot begin a line of its own`() async throws {
        let message = "a\nERROR b\u{1B}[2J" + String(repeating: "x", count: 10_000)
        proxy.inject(
            .answer(status: 503, body: "<Error><Code>SlowDown</Code><Message>\(message)</Message></Error>"),
            times: 1)
        _ = try await client.put("k", [1])
        let reason = "\(lines("S3 request failed, trying again").first?["reason"] ?? "")"
        #expect(reason.hasPrefix("status 503 SlowDown: a | ERROR b?[2Jxxx"))
        #expect(reason.utf8.count < 400)
    }

    @Test func `where credentials came from is a line, they themselves are not`() async throws {
        _ = try await client.put("k", [1])
        #expect(lines("S3 credentials found").map { $0["origin"] } == ["the test"])
        let text = log.entries.map { "\($0)" }.joined()
        #expect(!text.contains("testkey") && !text.contains("testsecret"))
    }

    @Test func `a renewal is a line with the new lifetime`() async throws {
        let cache = CredentialCache(Rounds(), logger: log.logger)
        let first = try await cache.credentials()
        _ = try await cache.credentials(insteadOf: first)
        #expect(lines("S3 credentials found").count == 1)
        #expect(lines("S3 credentials renewed").map { $0["origin"] } == ["round 2"])
        #expect("\(lines("S3 credentials renewed")[0]["lifetime"] ?? "")".hasPrefix("359"))
    }

    @Test func `every attempt is a line at trace, with what it moved`() async throws {
        _ = try await client.put("k", [1, 2, 3])
        _ = try await client.get("k", limit: 10)
        let ended = lines("S3 request ended")
        #expect(ended.map { $0["action"] } == ["PutObject", "GetObject"])
        #expect(ended.map { $0["outcome"] } == ["status 200", "status 200"])
        #expect(ended.first?["sent"] == "3" && ended.last?["received"] == "3")
    }

    @Test func `taking the lifecycle lock is a line`() async throws {
        try await ObjectLock(client: client, key: "lock", holder: "node01").holding { _ in }
        #expect(lines("lifecycle lock taken").map { $0["key"] } == ["lock"])
    }
}

/// Other credentials each time.
private final class Rounds: CredentialSource {
    private let rounds = Mutex(0)

    func credentials() -> S3Credentials {
        let round = rounds.withLock { rounds in
            rounds += 1
            return rounds
        }
        return S3Credentials(
            accessKeyID: "K\(round)", secretAccessKey: Secret("s"), origin: "round \(round)",
            expiresAt: Int64(WallClock.now) + 3600)
    }
}

extension InMemoryLogHandler {
    /// Keeps lines of every level.
    fileprivate var logger: Logger {
        var logger = Logger(label: "test") { _ in self }
        logger.logLevel = .trace
        return logger
    }
}
