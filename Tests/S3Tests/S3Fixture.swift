// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import S3
import Secret
import TestSupport

/// A client of a real store, with its own bucket or its own prefix in one.
struct S3Fixture {
    /// Every store that keeps the contract.
    enum Store: CaseIterable {
        case seaweed
        case rclone
    }

    let client: S3Client
    let prefix: String

    /// A client of the shared server of that kind.
    init(_ store: Store = .seaweed, limits: S3Limits = .init(), retry: RetryPolicy = .quick) async throws {
        switch store {
        case .seaweed:
            let server = try await LocalS3Server.shared()
            try self.init(
                endpoint: server.endpoint, bucket: try await server.makeBucket(), limits: limits, retry: retry
            )
        case .rclone:
            let server = try await RcloneServer.shared()
            try self.init(
                endpoint: server.endpoint, bucket: RcloneServer.bucket, limits: limits, retry: retry)
        }
    }

    init(
        endpoint: String, bucket: String, credentials: any CredentialSource = Self.everything,
        limits: S3Limits = .init(), retry: RetryPolicy = .quick
    ) throws {
        client = S3Client(
            location: try S3Location(bucket: bucket, endpoint: endpoint), credentials: credentials,
            transport: try HTTPTransport(), limits: limits, retry: retry)
        prefix = "p\(UInt32.random(in: 0...UInt32.max))/"
    }

    /// What both stores know.
    static let everything = FixedCredentials(
        S3Credentials(accessKeyID: "testkey", secretAccessKey: Secret("testsecret"), origin: "the test"))

    func key(_ name: String) -> String { prefix + name }

    /// Uploads `pieces` as the parts of one object and completes it.
    func upload(_ key: String, _ pieces: [ByteBlock]) async throws -> S3Proof {
        let upload = try await client.createMultipartUpload(key)
        var parts: [S3Part] = []
        for (index, piece) in pieces.enumerated() {
            parts.append(try await client.uploadPart(upload, number: index + 1, piece))
        }
        return try await client.completeMultipartUpload(upload, parts: parts)
    }
}

/// Always the same credentials.
struct FixedCredentials: CredentialSource {
    private let fixed: S3Credentials

    init(_ credentials: S3Credentials) {
        fixed = credentials
    }

    func credentials() -> S3Credentials { fixed }
}

extension RetryPolicy {
    /// As in production, with shorter waits.
    static let quick = RetryPolicy(
        storageOutage: .seconds(60), firstDelay: .milliseconds(5), longestDelay: .milliseconds(100))
}

extension ByteBlock {
    /// `count` bytes that differ along the way and from one `seed` to the next.
    static func pattern(_ count: Int, seed: UInt64 = 1) -> ByteBlock {
        let block = ByteBlock(capacity: count)
        block.count = count
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let words = block.storage.bindMemory(to: UInt64.self)
        for index in 0..<count / 8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            words[index] = state
        }
        for index in count / 8 * 8..<count { block.storage[index] = UInt8(truncatingIfNeeded: index) }
        return block
    }
}
