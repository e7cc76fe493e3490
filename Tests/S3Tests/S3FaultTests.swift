// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import S3
import Secret
import Synchronization
import TestSupport
import Testing

/// What the client makes of each fault between it and a real store.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(4)))
struct S3FaultTests {
    private let proxy: FaultyProxy
    private let fixture: S3Fixture
    private var client: S3Client { fixture.client }

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket())
    }

    private func impatient(_ outage: Duration = .seconds(2), limits: S3Limits = .init()) -> S3Client {
        S3Client(
            location: client.location, credentials: S3Fixture.everything,
            transport: (try? HTTPTransport()) ?? fixtureTransport, limits: limits,
            retry: RetryPolicy(
                storageOutage: outage, firstDelay: .milliseconds(5), longestDelay: .milliseconds(50)))
    }

    private let fixtureTransport: HTTPTransport = {
        do { return try HTTPTransport() } catch { preconditionFailure("\(error)") }
    }()

    private static let passing: [ProxyFault] = [
        .error(status: 500, code: "InternalError"), .error(status: 503, code: "SlowDown"),
        .error(status: 503, code: "ServiceUnavailable"), .error(status: 400, code: "RequestTimeout"),
        .error(status: 409, code: "OperationAborted"), .error(status: 200, code: "InternalError"),
        .answer(status: 502), .answer(status: 504), .answer("garbage\r\n\r\n"), .cutAnswer(after: 0),
        .cutRequest(after: 700_000),
    ]

    @Test(arguments: passing.indices)
    func `a part survives a fault that passes`(index: Int) async throws {
        let upload = try await client.createMultipartUpload("k")
        proxy.inject(Self.passing[index], method: "PUT", times: 3)
        let block = ByteBlock.pattern(5 << 20)
        let part = try await client.uploadPart(upload, number: 1, block)
        #expect(proxy.requests.count { $0.hasPrefix("PUT") } >= 4)
        let proof = try await client.completeMultipartUpload(upload, parts: [part])
        #expect(proof.strength == .fullObjectChecksum)
    }

    @Test(
        arguments: [
            ProxyFault.cutAnswer(after: 500_000), .cutAnswer(after: 100),
            .error(status: 500, code: "InternalError"),
        ].indices)
    func `a ranged read survives a fault that passes`(index: Int) async throws {
        let faults = [
            ProxyFault.cutAnswer(after: 500_000), .cutAnswer(after: 100),
            .error(status: 500, code: "InternalError"),
        ]
        let whole = ByteBlock.pattern(2_000_000)
        _ = try await client.put("k", whole)
        proxy.inject(faults[index], method: "GET", times: 3)
        let block = ByteBlock(capacity: 1_500_000)
        try await client.get("k", range: 500_000..<2_000_000, into: block)
        #expect(block.bytes.elementsEqual(whole.bytes[500_000...]))
    }

    @Test func `each attempt is signed anew and a store that stalls is left`() async throws {
        let client = impatient(.seconds(30), limits: S3Limits(stall: .seconds(1)))
        proxy.inject(.delay(.seconds(8)), method: "PUT")
        _ = try await client.put("k", [1])
        #expect(proxy.requests.count { $0.hasPrefix("PUT") } >= 2)
    }

    @Test func `refusals are not repeated`() async throws {
        for (status, code) in [
            (403, "AccessDenied"), (501, "NotImplemented"), (412, "PreconditionFailed"), (400, "Odd"),
        ] {
            let before = proxy.requests.count
            proxy.inject(.error(status: status, code: code), method: "PUT")
            await #expect(throws: S3Error.self) { try await client.put("k", [1]) }
            #expect(proxy.requests.count == before + 1)
        }
    }

    @Test func `a part that is changed on its way is sent again and stored right`() async throws {
        let upload = try await client.createMultipartUpload("k")
        proxy.inject(.flipRequest(at: 1_000_000), method: "PUT", times: 2)
        let part = try await client.uploadPart(upload, number: 1, .pattern(5 << 20))
        let proof = try await client.completeMultipartUpload(upload, parts: [part])
        #expect(proof.strength == .fullObjectChecksum)
        #expect(proxy.requests.count { $0.hasPrefix("PUT") } == 3)
    }

    @Test func `a part that is changed each time is an error after three attempts`() async throws {
        let upload = try await client.createMultipartUpload("k")
        proxy.inject(.flipRequest(at: 5), method: "PUT", times: 9)
        do {
            _ = try await client.uploadPart(upload, number: 7, .pattern(100_000))
            Issue.record("stored")
        } catch S3Error.corruptPart(let call, let part, _, _) {
            #expect(call.key == "k")
            #expect(part == 7)
        }
        #expect(proxy.requests.count { $0.hasPrefix("PUT") } == 3)
        try await client.abortMultipartUpload(upload)
    }

    @Test func `a listing that is damaged is asked for again`() async throws {
        _ = try await client.put("k", [1])
        proxy.inject(.answer(status: 200, body: "<html>login</html>"), method: "GET", times: 1)
        #expect(try await client.list(prefix: "").objects.count == 1)
        proxy.inject(.answer(status: 200, body: "<html>login</html>"), method: "GET", times: 9)
        do {
            _ = try await client.list(prefix: "")
            Issue.record("believed")
        } catch let error as S3Error {
            #expect("\(error)".contains("<html> instead of <ListBucketResult>"))
        }
    }

    @Test(arguments: ["-1", "-9223372036854775808", "9223372036854775808", "1e9", ""])
    func `a length that is none is no length`(size: String) async throws {
        let body = """
            <?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key>\
            <Size>\(size)</Size></Contents></ListBucketResult>
            """
        proxy.inject(.answer(status: 200, body: body), method: "GET", times: 9)
        do {
            let listed = try await client.list(prefix: "").objects
            Issue.record("believed: \(listed)")
        } catch let error as S3Error {
            #expect("\(error)".contains("without key or size"), "\(error)")
        }
    }

    @Test func `a 404 that is not S3's is not taken for absence`() async throws {
        proxy.inject(.answer(status: 404, body: "not here"), times: 9)
        await #expect(throws: S3Error.self) { try await client.head("k") }
    }

    @Test func `a store that refuses connections is unreachable after our patience`() async throws {
        proxy.refuse()
        do {
            _ = try await impatient().head("k")
            Issue.record("answered")
        } catch let error as S3Error {
            #expect(error.isUnreachable)
            #expect("\(error)".contains("S3 is not reachable"))
            #expect("\(error)".contains("hint: check storage.endpoint"))
        }
    }

    @Test func `a store that comes back in time is used again`() async throws {
        proxy.refuse()
        let client = self.client
        let task = Task { try await client.put("k", [1]) }
        try await Task.sleep(for: .milliseconds(300))
        try proxy.accept()
        _ = try await task.value
    }

    @Test func `a store that only says SlowDown is named so`() async throws {
        proxy.inject(.error(status: 503, code: "SlowDown"), times: 10_000)
        do {
            _ = try await impatient().put("k", [1])
            Issue.record("answered")
        } catch let error as S3Error {
            guard case .slowDown(_, let attempts) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(attempts >= 2)
            #expect(error.isUnreachable)
        }
    }

    @Test func `cancelling in mid-upload throws CancellationError and leaves the client usable`() async throws
    {
        let upload = try await client.createMultipartUpload("k")
        proxy.setRate(bytesPerSecond: 200_000)
        let (client, proxy) = (self.client, self.proxy)
        let block = ByteBlock.pattern(5 << 20)
        let task = Task { try await client.uploadPart(upload, number: 1, block) }
        while !proxy.requests.contains(where: { $0.hasPrefix("PUT") }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        proxy.clear()
        let part = try await client.uploadPart(upload, number: 1, block)
        try await client.completeMultipartUpload(upload, parts: [part])
    }

    @Test func `a conditional write whose answer was lost is recognised as ours`() async throws {
        proxy.inject(.cutAnswer(after: 0), method: "PUT")
        let version = try await client.put("lease", Array("holder 1".utf8), condition: .ifAbsent)
        #expect(try await client.get("lease", limit: 100).version == version)
        proxy.inject(.cutAnswer(after: 0), method: "PUT")
        let next = try await client.put(
            "lease", Array("holder 1, renewed".utf8), condition: .ifMatch(version.etag))
        #expect(next != version)
    }

    @Test func `a conditional write that somebody else won stays lost, also after a fault`() async throws {
        _ = try await client.put("lease", Array("holder 2".utf8))
        proxy.inject(.error(status: 500, code: "InternalError"), method: "PUT")
        do {
            _ = try await client.put("lease", Array("holder 1".utf8), condition: .ifAbsent)
            Issue.record("stolen")
        } catch S3Error.preconditionFailed {}
    }

    @Test func `a clock that is refused is corrected once by the store's`() async throws {
        proxy.inject(
            .error(
                status: 403, code: "RequestTimeTooSkewed", headers: ["Date: Mon, 23 Nov 2020 08:12:14 GMT"]),
            method: "PUT", times: 2)
        do {
            _ = try await client.put("k", [1])
            Issue.record("answered")
        } catch S3Error.clockSkew(let call, let seconds) {
            #expect(seconds > 86_400)
            #expect("\(S3Error.clockSkew(call, seconds: seconds))".contains("s ahead"))
        }
        #expect(proxy.requests.count == 2)
    }

    @Test func `an expired token is renewed once and the request sent again`() async throws {
        let source = RenewedCredentials()
        let client = S3Client(
            location: client.location, credentials: source, transport: fixtureTransport, retry: .quick)
        proxy.inject(.error(status: 400, code: "ExpiredToken"), method: "PUT")
        _ = try await client.put("k", [1])
        #expect(source.count == 2)
        proxy.inject(.error(status: 400, code: "ExpiredToken"), method: "PUT", times: 2)
        do {
            _ = try await client.put("k", [1])
            Issue.record("answered")
        } catch S3Error.expiredToken(let call) {
            #expect("\(S3Error.expiredToken(call))".contains("hint: renew the credentials from round 3"))
        }
    }
}

/// Gives the same keys each time under another origin.
private final class RenewedCredentials: CredentialSource {
    private let rounds = Mutex(0)

    var count: Int { rounds.withLock { $0 } }

    func credentials() -> S3Credentials {
        let round = rounds.withLock { rounds in
            rounds += 1
            return rounds
        }
        return S3Credentials(
            accessKeyID: "testkey", secretAccessKey: Secret("testsecret"), origin: "round \(round)")
    }
}
