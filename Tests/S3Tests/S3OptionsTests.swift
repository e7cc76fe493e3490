// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import S3

/// How requests travel, and what they ask of the store.
@Suite(.timeLimit(.minutes(2))) struct S3OptionsTests {
    private func client(
        _ endpoint: String, bucket: String = "backups", servicePath: String = "", way: S3Way = .init(),
        keeping: S3Keeping = .init()
    ) throws -> S3Client {
        S3Client(
            location: try S3Location(bucket: bucket, endpoint: endpoint, servicePath: servicePath),
            credentials: S3Fixture.everything, transport: try HTTPTransport(), retry: .quick, way: way,
            keeping: keeping)
    }

    /// Says yes to everything.
    private func store() throws -> AnsweringServer {
        try AnsweringServer { request in
            request.target.contains("uploads")
                ? .init(
                    200,
                    "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
                : .init(200, headers: ["ETag: \"e\""])
        }
    }

    @Test func `data bears class and encryption, labels the encryption alone`() async throws {
        let store = try store()
        let client = try client(
            store.endpoint,
            keeping: S3Keeping(storageClass: "GLACIER", encryption: .keyService(keyID: "arn:k")))
        _ = try await client.createMultipartUpload("data")
        _ = try await client.put("block", ByteBlock.pattern(100))
        _ = try await client.put("label", [1])
        let headers = store.requests.map(\.headers)
        #expect(headers.map { $0["x-amz-storage-class"] } == ["GLACIER", "GLACIER", nil])
        #expect(headers.map { $0["x-amz-server-side-encryption"] } == ["aws:kms", "aws:kms", "aws:kms"])
        #expect(
            headers.map { $0["x-amz-server-side-encryption-aws-kms-key-id"] } == ["arn:k", "arn:k", "arn:k"])
        #expect(headers.allSatisfy { $0["authorization"]?.contains("x-amz-server-side-encryption;") == true })
    }

    @Test func `nothing is asked of the store where nothing is set`() async throws {
        let store = try store()
        _ = try await client(store.endpoint).put("block", ByteBlock.pattern(100))
        _ = try await client(store.endpoint, keeping: S3Keeping(encryption: .storesKeys)).put("label", [1])
        #expect(store.requests.map { $0.headers["x-amz-server-side-encryption"] } == [nil, "AES256"])
        #expect(store.requests.allSatisfy { $0.headers["x-amz-storage-class"] == nil })
    }

    @Test func `a service's path stands before the bucket`() async throws {
        let store = try store()
        _ = try await client(store.endpoint, servicePath: "/objects/v1/").put("a b", [1])
        #expect(store.requests.first?.target == "/objects/v1/backups/a%20b")
    }

    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `through a proxy, and on connections of their own`() async throws {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        let proxy = try FaultyProxy(to: server.port)
        var way = S3Way()
        way.proxy = HTTPProxy(property: "127.0.0.1:\(proxy.port)", origin: "PROXY")
        way.reusesConnections = false
        let client = try client(server.endpoint, bucket: bucket, way: way)
        for number in 0..<3 { _ = try await client.put("k\(number)", [1]) }
        #expect(proxy.requests.first == "PUT \(server.endpoint)/\(bucket)/k0")
        #expect(proxy.connectionCount == 3)
        #expect(try await client.list(prefix: "").objects.count == 3)
    }

    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `a bucket is made once, in its region`() async throws {
        let keys = LocalS3Server.Identity(
            name: "admin", accessKey: "adminkey", secretKey: "adminsecret", actions: ["Admin"])
        let server = try await LocalS3Server.start(identities: [keys])
        let client = S3Client(
            location: try S3Location(bucket: "fresh", region: "eu-west-1", endpoint: server.endpoint),
            credentials: FixedCredentials(
                S3Credentials(accessKeyID: "adminkey", secretAccessKey: Secret("adminsecret"), origin: "t")),
            transport: try HTTPTransport(), retry: .quick)
        try await client.createBucketIfAbsent()
        try await client.createBucketIfAbsent()
        _ = try await client.put("k", [1])
        await server.stop()
    }
}
