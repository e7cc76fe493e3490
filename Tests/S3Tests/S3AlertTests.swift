// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Certificates
import Foundation
import HTTPTransport
import S3
import TestSupport
import Testing

/// A real store behind TLS whose door is a proxy that reloads: it answers every handshake with an alert for a while.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct S3AlertTests {
    private let directory: TemporaryDirectory
    private let identity: TestIdentity

    init() throws {
        directory = try TemporaryDirectory()
        identity = try TestAuthority(cluster: "localhost", directory: directory.path).write(.node("store"))
    }

    private func client(
        _ proxy: FaultyProxy, _ authority: String?, outage: Duration = .seconds(60)
    ) throws -> S3Client {
        S3Client(
            location: try S3Location(
                bucket: "backups", endpoint: "https://store.localhost:\(proxy.port)", addressing: .path,
                authority: authority),
            credentials: S3Fixture.everything, transport: try HTTPTransport(),
            retry: RetryPolicy(
                storageOutage: outage, firstDelay: .milliseconds(5), longestDelay: .milliseconds(100)))
    }

    @Test func `an upload goes on after every alert that is not about a certificate`() async throws {
        let server = try await LocalS3Server.start(
            tls: .init(certificate: identity.certificate, privateKey: identity.privateKey))
        try await server.makeBucket("backups")
        let proxy = try FaultyProxy(to: try #require(server.securePort), mode: .opaque)
        let client = try client(proxy, identity.authority)
        let upload = try await client.createMultipartUpload("k")
        var parts: [S3Part] = []
        for alert in [80, 40, 112, 50, 10, 200] as [UInt8] {
            proxy.answerTLS(alert: alert, connections: 8)
            proxy.cutAll()
            parts.append(
                try await client.uploadPart(upload, number: parts.count + 1, .pattern(5 << 20)))
            #expect(proxy.alertsLeft == 0)
        }
        let proof = try await client.completeMultipartUpload(upload, parts: parts)
        #expect(proof.byteCount == 30 << 20)
        // What is not trusted is told at once, and not taken for a lost connection.
        let stranger = try self.client(proxy, nil)
        let seen = proxy.connectionCount
        let error = await #expect(throws: S3Error.self) { _ = try await stranger.put("k", [1]) }
        guard case .untrusted = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.hint?.hasPrefix("name in storage.authority") == true)
        #expect(proxy.connectionCount == seen + 1)
        await server.stop()
    }

    @Test(arguments: [42, 43, 44, 45, 46, 48, 49, 116] as [UInt8])
    func `a certificate that is refused is told at once, with the alert's name`(alert: UInt8) async throws {
        let proxy = try FaultyProxy(to: 1, mode: .opaque)
        proxy.answerTLS(alert: alert, connections: 100)
        let client = try client(proxy, identity.authority)
        let error = await #expect(throws: S3Error.self) { _ = try await client.put("k", [1]) }
        guard case .untrusted(_, let reason, isOurs: true) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("alert \(alert) ("))
        #expect(proxy.alertsLeft == 99)
    }

    @Test func `alerts that do not end are an unreachable store, in the peer's words`() async throws {
        let proxy = try FaultyProxy(to: 1, mode: .opaque)
        proxy.answerTLS(alert: 80, connections: 10_000)
        let client = try client(proxy, identity.authority, outage: .seconds(2))
        let error = await #expect(throws: S3Error.self) { _ = try await client.put("k", [1]) }
        #expect(error?.isUnreachable == true)
        #expect(error?.description.contains("alert 80 (internal_error)") == true, "\(error as Any)")
        #expect(proxy.alertsLeft < 9_999)
    }

    @Test func `plain http where https is written is told with the way out`() async throws {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        let client = S3Client(
            location: try S3Location(bucket: bucket, endpoint: "https://127.0.0.1:\(server.port)"),
            credentials: S3Fixture.everything, transport: try HTTPTransport(),
            retry: RetryPolicy(storageOutage: .milliseconds(300), firstDelay: .milliseconds(5)))
        let error = await #expect(throws: S3Error.self) { _ = try await client.put("k", [1]) }
        #expect(error?.hint?.contains("write http:// in storage.endpoint") == true)
        // The hint, done.
        let plain = try S3Fixture(endpoint: server.endpoint, bucket: bucket).client
        _ = try await plain.put("k", [1])
    }
}
