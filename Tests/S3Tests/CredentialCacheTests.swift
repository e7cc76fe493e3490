// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Secret
import Synchronization
import TestSupport
import Testing

@testable import S3

@Suite(.timeLimit(.minutes(3))) struct CredentialCacheTests {
    /// Gives credentials that live `lifetime` seconds by its own clock, and fails when told so.
    private final class Vendor: CredentialSource {
        struct State {
            var now = 1_000_000.0
            var count = 0
            var isBroken = false
        }

        let state = Mutex(State())
        let lifetime: Int64?
        let delay: Duration

        init(lifetime: Int64?, delay: Duration = .zero) {
            self.lifetime = lifetime
            self.delay = delay
        }

        var count: Int { state.withLock { $0.count } }
        var now: Double { state.withLock { $0.now } }

        func pass(_ seconds: Double) { state.withLock { $0.now += seconds } }

        func credentials() async throws -> S3Credentials {
            try await Task.sleep(for: delay)
            return try state.withLock { state in
                if state.isBroken { throw S3Error.credentialsUnavailable(origin: "v", reason: "broken") }
                state.count += 1
                return S3Credentials(
                    accessKeyID: "K\(state.count)", secretAccessKey: Secret("s"), origin: "v",
                    expiresAt: lifetime.map { Int64(state.now) + $0 })
            }
        }
    }

    private func cache(_ vendor: Vendor) -> CredentialCache { CredentialCache(vendor) { vendor.now } }

    @Test func `many who ask at once are one fetch`() async throws {
        let vendor = Vendor(lifetime: 3600, delay: .milliseconds(50))
        let cache = cache(vendor)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.credentials().accessKeyID } }
            for try await id in group { #expect(id == "K1") }
        }
        #expect(vendor.count == 1)
    }

    @Test func `a waiter that is cancelled leaves the others their turn`() async throws {
        let vendor = Vendor(lifetime: nil, delay: .milliseconds(100))
        let cache = cache(vendor)
        let first = Task { try await cache.credentials() }
        try await Task.sleep(for: .milliseconds(20))
        let second = Task { try await cache.credentials() }
        first.cancel()
        #expect(try await second.value.accessKeyID == "K1")
        await #expect(throws: CancellationError.self) { try await first.value }
    }

    @Test func `they are renewed five to six minutes before their end`() async throws {
        let vendor = Vendor(lifetime: 3600)
        let cache = cache(vendor)
        #expect(try await cache.credentials().accessKeyID == "K1")
        vendor.pass(3600 - 361)
        #expect(try await cache.credentials().accessKeyID == "K1")
        vendor.pass(61)
        #expect(try await cache.credentials().accessKeyID == "K2")
    }

    @Test func `what never expires is fetched once`() async throws {
        let vendor = Vendor(lifetime: nil)
        let cache = cache(vendor)
        _ = try await cache.credentials()
        vendor.pass(1e9)
        #expect(try await cache.credentials().accessKeyID == "K1")
    }

    @Test func `a source that fails meanwhile is not noticed until the end`() async throws {
        let vendor = Vendor(lifetime: 3600)
        let cache = cache(vendor)
        _ = try await cache.credentials()
        vendor.state.withLock { $0.isBroken = true }
        vendor.pass(3400)
        #expect(try await cache.credentials().accessKeyID == "K1")
        vendor.pass(300)
        await #expect(throws: S3Error.credentialsUnavailable(origin: "v", reason: "broken")) {
            try await cache.credentials()
        }
        vendor.state.withLock { $0.isBroken = false }
        #expect(try await cache.credentials().accessKeyID == "K2")
    }

    @Test func `many whose key was refused at once are one fetch`() async throws {
        let vendor = Vendor(lifetime: nil, delay: .milliseconds(20))
        let cache = cache(vendor)
        let refused = try await cache.credentials()
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask { try await cache.credentials(insteadOf: refused).accessKeyID }
            }
            for try await id in group { #expect(id == "K2") }
        }
        #expect(vendor.count == 2)
    }

    @Test func `short lives are renewed half-way, and what came expired after a minute`() {
        #expect(RefreshSchedule(expiresAt: 1200, fetchedAt: 1000, random: 1).dueAt == 1100)
        #expect(RefreshSchedule(expiresAt: 1900, fetchedAt: 1000, random: 0.5).dueAt == 1570)
        #expect(RefreshSchedule(expiresAt: 900, fetchedAt: 1000, random: 0).dueAt == 1060)
    }
}

/// A role taken at a real token service, over a real store that checks its tokens.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct RoleCredentialTests {
    private func cache(
        _ server: LocalS3Server, sts: String, _ directory: TemporaryDirectory
    ) throws
        -> CredentialCache
    {
        let config = try directory.write(
            "config",
            "[default]\nrole_arn = arn:aws:iam::role/Backup\nsource_profile = base\nrole_session_name = node01\n"
                + "duration_seconds = 900\n")
        let keys = try directory.write(
            "credentials",
            "[base]\naws_access_key_id = \(server.accessKey)\naws_secret_access_key = \(server.secretKey)\n")
        return CredentialCache(
            CredentialChain(
                credentialsFile: nil, readsDeviceProperties: false, transport: try HTTPTransport(),
                environment: [
                    "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": keys,
                    "AWS_ENDPOINT_URL_STS": sts, "AWS_EC2_METADATA_DISABLED": "true",
                ]))
    }

    @Test func `an upload goes on with new credentials when its token expires in the middle`() async throws {
        let server = try await LocalS3Server.start(role: "Backup")
        let bucket = try await server.makeBucket()
        let directory = try TemporaryDirectory()
        let tokenService = try FaultyProxy(to: server.port)
        let store = try FaultyProxy(to: server.port)
        let cache = try cache(server, sts: tokenService.endpoint, directory)
        let first = try await cache.credentials()
        let asked = tokenService.requests.count
        #expect(first.sessionToken != nil && first.accessKeyID != server.accessKey)
        #expect(first.origin.hasSuffix("config:2, role arn:aws:iam::role/Backup"))
        let fixture = try S3Fixture(endpoint: store.endpoint, bucket: bucket, credentials: cache)
        let client = fixture.client
        let upload = try await client.createMultipartUpload("dump")
        for number in 2...4 {
            store.inject(
                .error(status: 400, code: "ExpiredToken"), method: "PUT", target: "partNumber=\(number)")
        }
        let parts = try await withThrowingTaskGroup(of: S3Part.self) { group in
            for number in 1...4 {
                group.addTask {
                    try await client.uploadPart(
                        upload, number: number, .pattern(5 << 20, seed: UInt64(number)))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let proof = try await client.completeMultipartUpload(upload, parts: parts)
        #expect(proof.byteCount == 20 << 20)
        #expect(tokenService.requests.count == asked + 1)
        #expect(try await cache.credentials().accessKeyID != first.accessKeyID)
        await server.stop()
    }

    @Test func `a role that may not be taken is named with file and line`() async throws {
        let server = try await LocalS3Server.start(role: "Other")
        let directory = try TemporaryDirectory()
        do {
            _ = try await cache(server, sts: server.endpoint, directory).credentials()
            Issue.record("taken")
        } catch let error as S3Error {
            #expect(
                "\(error)".contains(
                    "config:2, role arn:aws:iam::role/Backup: STS at \(server.endpoint) refused:"))
            #expect(error.kind == .storageRefused)
        }
        await server.stop()
    }

    @Test func `a key that was rotated in the file is read anew`() async throws {
        let server = try await LocalS3Server.shared()
        let directory = try TemporaryDirectory()
        let file = try directory.write("k", "[default]\naws_access_key_id=gone\naws_secret_access_key=x\n")
        let cache = CredentialCache(
            CredentialChain(credentialsFile: file, transport: try HTTPTransport(), environment: [:]))
        let bucket = try await server.makeBucket()
        let fixture = try S3Fixture(endpoint: server.endpoint, bucket: bucket, credentials: cache)
        do {
            _ = try await fixture.client.put("k", [1])
            Issue.record("accepted")
        } catch S3Error.invalidAccessKey {}
        _ = try directory.write(
            "k",
            "[default]\naws_access_key_id=\(server.accessKey)\naws_secret_access_key=\(server.secretKey)\n")
        _ = try await fixture.client.put("k", [1])
    }
}
