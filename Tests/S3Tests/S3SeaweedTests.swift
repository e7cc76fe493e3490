// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Certificates
import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import S3

/// What AWS and SeaweedFS do and simpler stores do not.
@Suite(.enabled(if: RequiredTools.areUsable("weed", "rclone")), .timeLimit(.minutes(4)))
struct S3SeaweedTests {
    @Test func `an object is written once only if that is the condition`() async throws {
        let fixture = try await S3Fixture()
        let first = try await fixture.client.put(fixture.key("lease"), [1], condition: .ifAbsent)
        await #expect(throws: S3Error.self) {
            try await fixture.client.put(fixture.key("lease"), [1], condition: .ifAbsent)
        }
        let second = try await fixture.client.put(fixture.key("lease"), [2], condition: .ifMatch(first.etag))
        do {
            _ = try await fixture.client.put(fixture.key("lease"), [3], condition: .ifMatch(first.etag))
            Issue.record("written over")
        } catch S3Error.preconditionFailed(let call) {
            #expect(call.key == fixture.key("lease"))
        }
        #expect(try await fixture.client.get(fixture.key("lease"), limit: 9).version == second)
    }

    @Test func `a range of an object that was replaced meanwhile is refused`() async throws {
        let fixture = try await S3Fixture()
        let old = try await fixture.client.put(fixture.key("object"), Array("old".utf8))
        _ = try await fixture.client.put(fixture.key("object"), Array("new".utf8))
        let block = ByteBlock(capacity: 3)
        await #expect(throws: S3Error.self) {
            try await fixture.client.get(fixture.key("object"), range: 0..<3, into: block, version: old)
        }
    }

    @Test func `keys that begin with a slash or double one are kept apart by us`() async throws {
        let fixture = try await S3Fixture()
        for key in ["/leading", "a//b"] {
            _ = try await fixture.client.put(key, Array(key.utf8))
            #expect(try await fixture.client.get(key, limit: 20).bytes == Array(key.utf8))
        }
    }

    @Test func `a bucket that does not exist is named, by every request`() async throws {
        let server = try await LocalS3Server.shared()
        let fixture = try S3Fixture(endpoint: server.endpoint, bucket: "no-such-bucket")
        let client = fixture.client
        let requests: [@Sendable () async throws -> Void] = [
            { _ = try await client.put("k", [1]) }, { _ = try await client.get("k", limit: 1) },
            { _ = try await client.head("k") }, { _ = try await client.list(prefix: "") },
            { _ = try await client.createMultipartUpload("k") },
        ]
        for request in requests {
            do {
                try await request()
                Issue.record("answered")
            } catch let error as S3Error {
                guard case .noSuchBucket = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(
                    "\(error)".hasPrefix(
                        "there is no bucket 'no-such-bucket' at \(server.endpoint): status 404 NoSuchBucket: "
                    ))
                #expect(error.kind == .storageRefused)
            }
        }
    }

    @Test func `wrong keys are told apart`() async throws {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        for (accessKey, secretKey) in [("testkey", "wrong"), ("unknown", "testsecret")] {
            let credentials = FixedCredentials(
                S3Credentials(accessKeyID: accessKey, secretAccessKey: Secret(secretKey), origin: "the test"))
            let fixture = try S3Fixture(endpoint: server.endpoint, bucket: bucket, credentials: credentials)
            for request in [true, false] {
                do {
                    if request {
                        _ = try await fixture.client.head("k")
                    } else {
                        _ = try await fixture.client.put("k", [])
                    }
                    Issue.record("answered")
                } catch S3Error.signatureMismatch {
                    #expect(secretKey == "wrong")
                } catch S3Error.invalidAccessKey(let call) {
                    #expect(accessKey == "unknown")
                    #expect(call.credentialsOrigin == "the test")
                }
            }
        }
    }

    @Test func `an identity that is confined to a prefix is refused beside it`() async throws {
        let confined = LocalS3Server.Identity(
            name: "node01", accessKey: "node01key", secretKey: "node01secret",
            actions: ["Read:backups/node01/*", "Write:backups/node01/*", "List:backups/node01/*"])
        let server = try await LocalS3Server.start(identities: [confined])
        try await server.makeBucket("backups")
        let credentials = FixedCredentials(
            S3Credentials(
                accessKeyID: "node01key", secretAccessKey: Secret("node01secret"), origin: "the test"))
        let fixture = try S3Fixture(endpoint: server.endpoint, bucket: "backups", credentials: credentials)
        _ = try await fixture.client.put("node01/k", [1])
        #expect(try await fixture.client.head("node01/k") != nil)
        #expect(try await fixture.client.list(prefix: "node01/").objects.count == 1)
        do {
            _ = try await fixture.client.put("node02/k", [1])
            Issue.record("written")
        } catch let error as S3Error {
            #expect("\(error)".contains("hint: perhaps: allow s3:PutObject on arn:aws:s3:::backups/node02/k"))
            #expect(error.kind == .storageRefused)
        }
        await server.stop()
    }

    @Test func `https with an authority of its own, path and virtual-host style`() async throws {
        let directory = try TemporaryDirectory()
        let authority = try TestAuthority(cluster: "localhost", directory: directory.path)
        let node = try authority.write(.node("backups"))
        let server = try await LocalS3Server.start(
            tls: .init(certificate: node.certificate, privateKey: node.privateKey), domain: "localhost")
        try await server.makeBucket("backups")
        let port = try #require(server.securePort)
        let transport = try HTTPTransport()
        let client = { (location: S3Location) in
            S3Client(
                location: location, credentials: S3Fixture.everything, transport: transport, retry: .quick)
        }
        let virtual = client(
            try S3Location(
                bucket: "backups", endpoint: "https://localhost:\(port)", addressing: .virtualHost,
                authority: node.authority))
        _ = try await virtual.put("a b", ByteBlock.pattern(2_000_000))
        #expect(try await virtual.head("a b")?.byteCount == 2_000_000)
        #expect(try await virtual.list(prefix: "").objects.map(\.key) == ["a b"])
        let path = client(
            try S3Location(
                bucket: "backups", endpoint: "https://backups.localhost:\(port)", authority: node.authority))
        await #expect(throws: Never.self) { _ = try? await path.head("a b") }
        let stranger = client(
            try S3Location(
                bucket: "backups", endpoint: "https://localhost:\(port)", addressing: .virtualHost))
        do {
            _ = try await stranger.head("a b")
            Issue.record("trusted")
        } catch let error as S3Error {
            guard case .untrusted = error else {
                Issue.record("\(error)")
                return
            }
            #expect(error.isUnreachable)
        }
        await server.stop()
    }

    @Test func `plain http virtual-host style signs the host with its port`() async throws {
        let server = try await LocalS3Server.start(domain: "localhost")
        try await server.makeBucket("backups")
        let client = S3Client(
            location: try S3Location(
                bucket: "backups", endpoint: "http://localhost:\(server.port)", addressing: .virtualHost),
            credentials: S3Fixture.everything, transport: try HTTPTransport(), retry: .quick)
        _ = try await client.put("a/b c", [1, 2])
        #expect(try await client.list(prefix: "a/").objects.map(\.key) == ["a/b c"])
        await server.stop()
    }
}
