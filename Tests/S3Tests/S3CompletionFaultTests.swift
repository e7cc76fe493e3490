// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import S3
import TestSupport
import Testing

/// CompleteMultipartUpload: the one request whose failure may look like success, and the other way round.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(4)))
struct S3CompletionFaultTests {
    private let proxy: FaultyProxy
    private let client: S3Client

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        client = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket()).client
    }

    private func uploaded() async throws -> (S3Upload, [S3Part]) {
        let upload = try await client.createMultipartUpload("k")
        let first = try await client.uploadPart(upload, number: 1, .pattern(5 << 20))
        let second = try await client.uploadPart(upload, number: 2, .pattern(1000, seed: 2))
        return (upload, [first, second])
    }

    private var completions: Int {
        proxy.requests.count { $0.hasPrefix("POST") && $0.contains("uploadId=") }
    }

    @Test func `an error under status 200 is an error, and the request is repeated`() async throws {
        let (upload, parts) = try await uploaded()
        proxy.inject(
            .error(status: 200, code: "InternalError"), method: "POST", target: "uploadId=", times: 2)
        let proof = try await client.completeMultipartUpload(upload, parts: parts)
        #expect(proof.byteCount == (5 << 20) + 1000)
        #expect(completions == 3)
    }

    @Test func `an error under status 200 that stays is never a success`() async throws {
        let (upload, parts) = try await uploaded()
        proxy.inject(
            .error(status: 200, code: "InvalidPart"), method: "POST", target: "uploadId=", times: 10_000)
        let impatient = S3Client(
            location: client.location, credentials: S3Fixture.everything, transport: try .init(),
            retry: RetryPolicy(storageOutage: .milliseconds(200), firstDelay: .milliseconds(5)))
        await #expect(throws: S3Error.self) {
            try await impatient.completeMultipartUpload(upload, parts: parts)
        }
        #expect(try await client.head("k") == nil)
    }

    @Test func `when the answer is lost HEAD decides, and nothing is sent twice`() async throws {
        let (upload, parts) = try await uploaded()
        proxy.inject(.cutAnswer(after: 0), method: "POST", target: "uploadId=")
        let proof = try await client.completeMultipartUpload(upload, parts: parts)
        #expect(proof.strength == .fullObjectChecksum)
        #expect(completions == 1)
    }

    @Test func `when the request is lost HEAD finds nothing, and it is sent again`() async throws {
        let (upload, parts) = try await uploaded()
        proxy.inject(.cutRequest(after: 10), method: "POST", target: "uploadId=")
        _ = try await client.completeMultipartUpload(upload, parts: parts)
        #expect(completions == 2)
    }

    @Test func `an older object of that key is not taken for the new one`() async throws {
        _ = try await client.put("k", .pattern((5 << 20) + 1000, seed: 9))
        let (upload, parts) = try await uploaded()
        proxy.inject(.cutRequest(after: 10), method: "POST", target: "uploadId=")
        let proof = try await client.completeMultipartUpload(upload, parts: parts)
        #expect(completions == 2)
        #expect(try await client.head("k")?.crc32c == proof.crc32c)
    }

    @Test func `NoSuchUpload after a lost answer is judged by HEAD`() async throws {
        let (upload, parts) = try await uploaded()
        proxy.inject(.cutAnswer(after: 0), method: "POST", target: "uploadId=")
        proxy.inject(.error(status: 404, code: "NoSuchUpload"), method: "POST", target: "uploadId=", times: 5)
        proxy.inject(.answer(status: 503), method: "HEAD", times: 2)
        let proof = try await client.completeMultipartUpload(upload, parts: parts)
        #expect(proof.byteCount == (5 << 20) + 1000)
    }

    @Test func `NoSuchUpload without an object is an error`() async throws {
        let (upload, parts) = try await uploaded()
        try await client.abortMultipartUpload(upload)
        do {
            try await client.completeMultipartUpload(upload, parts: parts)
            Issue.record("complete")
        } catch S3Error.noSuchUpload {}
    }

    @Test func `a success that HEAD does not confirm is an error`() async throws {
        let (upload, parts) = try await uploaded()
        proxy.inject(
            .answer(
                status: 200,
                body: "<CompleteMultipartUploadResult><ETag>\"x-2\"</ETag></CompleteMultipartUploadResult>"),
            method: "POST", target: "uploadId=")
        do {
            try await client.completeMultipartUpload(upload, parts: parts)
            Issue.record("complete")
        } catch S3Error.completionFailed(_, let reason) {
            #expect(reason == "the store reported success, but there is no such object")
        }
    }
}
