// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import HTTPTransport
import S3
import Secret
import TestSupport

@testable import Coordinator

/// A bucket of a real S3 server, under a prefix that no other test has.
struct StoreFixture {
    let bucket: ClusterBucket
    private let transport: HTTPTransport

    static func weed() async throws -> StoreFixture {
        let server = try await LocalS3Server.shared()
        let name = try await server.makeBucket()
        return try StoreFixture(
            endpoint: server.endpoint, bucket: name, accessKey: server.accessKey, secretKey: server.secretKey)
    }

    static func weedBehindProxy() async throws -> (StoreFixture, FaultyProxy) {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try StoreFixture(
            endpoint: proxy.endpoint, bucket: try await server.makeBucket(), accessKey: server.accessKey,
            secretKey: server.secretKey)
        return (fixture, proxy)
    }

    init(endpoint: String, bucket name: String, accessKey: String, secretKey: String) throws {
        transport = try HTTPTransport()
        let credentials = S3Credentials(
            accessKeyID: accessKey, secretAccessKey: Secret(secretKey), origin: "the test")
        let client = S3Client(
            location: try S3Location(bucket: name, endpoint: endpoint),
            credentials: CredentialChain(
                credentialsFile: nil, deviceProperties: credentials, transport: transport, environment: [:]),
            transport: transport, retry: .preflight)
        bucket = ClusterBucket(client: client, layout: BucketLayout(prefix: "demo"), bucket: name)
    }

    /// Of a cluster whose node would have to be asked of nothing.
    var volumes: VolumeJudge {
        VolumeJudge(bucket) { record, _ in
            throw WireError(.failed, node: record.node, "nothing lies elsewhere")
        }
    }

    func claim(_ holder: String) -> LeaseClaim {
        LeaseClaim(cluster: "demo", holder: holder, verb: "backup", run: RunName("20261123030600"))
    }

    func lease(_ holder: String, ahead seconds: Double = 0) async throws -> RunLease {
        try await RunLease.take(bucket, as: claim(holder)) { Date().addingTimeInterval(seconds) }
    }

    func stored() async throws -> Lease? {
        try await bucket.read(Lease.self, bucket.layout.lease)?.value
    }
}
