// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import S3

/// The tests' own judge of policies: what it lets through must be what IAM would.
@Suite(.timeLimit(.minutes(2))) struct PolicyGateTests {
    @Test(arguments: [
        "{ \"Version\": \"2012-10-17\", \"Statement\": [ { \"Effect\": \"Deny\", \"Action\": \"s3:*\", \"Resource\": \"*\" } ] }",
        "{ \"Version\": \"2012-10-17\", \"Statement\": [ { \"Effect\": \"Allow\", \"NotAction\": \"s3:*\", \"Resource\": \"*\" } ] }",
        "{ \"Version\": \"2012-10-17\", \"Statement\": [ { \"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\", \"Condition\": { \"StringLike\": { \"aws:username\": \"x\" } } } ] }",
        "{ \"Version\": \"2012-10-17\", \"Statement\": [ { \"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\", \"Condition\": { \"StringNotLike\": { \"s3:prefix\": \"x\" } } } ] }",
        "{ \"Statement\": [] }", "[]", "{",
    ])
    func `what it does not understand is an error`(text: String) {
        #expect(throws: (any Error).self) { try IAMPolicy(parsing: text) }
    }

    @Test func `each operation needs its own permission, and no other is enough`() async throws {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        let gate = PolicyGate(missingKeys: .always403)
        let proxy = try FaultyProxy(to: server.port, gate: gate)
        let open = try S3Fixture(endpoint: server.endpoint, bucket: bucket).client
        let client = try S3Fixture(endpoint: proxy.endpoint, bucket: bucket).client
        let version = try await open.put("p/key", [1])
        let upload = try await open.createMultipartUpload("p/upload")

        let operations: [(needs: [String], request: S3Request)] = [
            (["s3:GetObject"], S3Request(action: "GetObject", method: "GET", key: "p/key")),
            (["s3:GetObject"], S3Request(action: "HeadObject", method: "HEAD", key: "p/key")),
            (["s3:PutObject"], S3Request(action: "PutObject", method: "PUT", key: "p/key")),
            (
                ["s3:PutObject", "s3:GetObject"],
                S3Request(
                    action: "PutObject", method: "PUT", key: "p/key",
                    headers: [("if-match", "\"\(version.etag)\"")])
            ),
            (
                ["s3:PutObject"],
                S3Request(
                    action: "CreateMultipartUpload", method: "POST", key: "p/u", query: [("uploads", "")])
            ),
            (
                ["s3:ListMultipartUploadParts"],
                S3Request(
                    action: "ListParts", method: "GET", key: "p/upload", query: [("uploadId", upload.id)])
            ),
            (
                ["s3:AbortMultipartUpload"],
                S3Request(
                    action: "AbortMultipartUpload", method: "DELETE", key: "p/upload",
                    query: [("uploadId", upload.id)])
            ),
            (["s3:DeleteObject"], S3Request(action: "DeleteObject", method: "DELETE", key: "p/gone")),
            (
                ["s3:ListBucket"],
                S3Request(
                    action: "ListObjectsV2", method: "GET", query: [("list-type", "2"), ("prefix", "p/")])
            ),
            (
                ["s3:ListBucketMultipartUploads"],
                S3Request(action: "ListMultipartUploads", method: "GET", query: [("uploads", "")])
            ),
            (
                ["s3:GetLifecycleConfiguration"],
                S3Request(
                    action: "GetBucketLifecycleConfiguration", method: "GET", query: [("lifecycle", "")])
            ),
            (
                ["s3:PutLifecycleConfiguration"],
                S3Request(action: "DeleteBucketLifecycle", method: "DELETE", query: [("lifecycle", "")])
            ),
        ]
        let everything = Set(operations.flatMap(\.needs))
        for (needs, request) in operations {
            for missing in needs {
                allow(everything.subtracting([missing]), gate, server, bucket)
                await #expect(throws: S3Error.self, "\(request.action) without \(missing)") {
                    try await client.perform(request)
                }
                #expect(gate.denials.last?.action == missing, "\(request.action)")
            }
            allow(Set(needs), gate, server, bucket)
            let count = gate.denials.count
            _ = try? await client.perform(request)
            #expect(gate.denials.count == count, "\(request.action) needs no more")
        }
    }

    private func allow(
        _ actions: Set<String>, _ gate: PolicyGate, _ server: LocalS3Server, _ bucket: String
    ) {
        let list = actions.map { "\"\($0)\"" }.joined(separator: ", ")
        let text =
            "{ \"Version\": \"2012-10-17\", \"Statement\": [ { \"Effect\": \"Allow\", \"Action\": [\(list)], "
            + "\"Resource\": [\"arn:aws:s3:::\(bucket)\", \"arn:aws:s3:::\(bucket)/*\"] } ] }"
        guard let policy = try? IAMPolicy(parsing: text) else { return }
        gate.set(policy, of: server.accessKey, named: "n")
    }
}
