// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import TestSupport
import Testing

@testable import S3

/// Uploads that the store began without our learning their ids.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct StrayUploadTests {
    private let proxy: FaultyProxy
    private let client: S3Client
    private let journal: UploadJournal
    private let directory: TemporaryDirectory

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        client = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket()).client
        directory = try TemporaryDirectory()
        journal = try UploadJournal(path: directory.path("journal"))
    }

    /// What happens to an answer to CreateMultipartUpload after the store has begun the upload.
    private static let lost: [ProxyFault] = [
        .cutAnswer(after: 0), .halveAnswer, .answer(status: 500),
        .answerInstead(
            "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
        .answerInstead("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"),
    ]

    private func strays(of intent: UploadIntent) async throws -> [S3Upload] {
        try await client.strayUploads(of: intent) {
            [try UploadJournal.claims(to: intent.key, in: directory.path("journal"))]
        }
    }

    private func open() async throws -> [String] {
        try await client.openUploads(under: "").map(\.id).sorted()
    }

    @Test(arguments: lost.indices)
    func `an upload whose answer is lost is found by its key, and no other`(index: Int) async throws {
        let longer = try await client.createMultipartUpload("key-longer")
        proxy.inject(Self.lost[index], method: "POST", times: 2)
        let upload = try await client.beginUpload("key", in: journal)
        let intent = try #require(journal.intents().first)
        let isBegun = index != 2
        #expect(try await open().count == (isBegun ? 4 : 2))
        let strays = try await strays(of: intent)
        #expect(strays.count == (isBegun ? 2 : 0))
        #expect(!strays.contains { $0.id == upload.id })
        for stray in strays { try await client.abortMultipartUpload(stray) }
        #expect(try await open() == [longer.id, upload.id].sorted())
    }

    @Test func `where nothing went wrong nothing has to be looked for`() async throws {
        let upload = try await client.beginUpload("key", in: journal)
        #expect(journal.intents().isEmpty)
        #expect(journal.pending().map(\.id) == [upload.id])
        proxy.inject(.error(status: 403, code: "AccessDenied"), method: "POST")
        await #expect(throws: S3Error.self) { try await client.beginUpload("other", in: journal) }
        #expect(journal.intents().isEmpty)
    }

    @Test func `an agent that dies before it has the id leaves a line from which the next one finds it`()
        async throws
    {
        let intent = UploadIntent(bucket: client.location.bucket, key: "key", since: try await storeTime())
        try await journal.add(intent)
        let unknown = try await client.createMultipartUpload("key")
        let next = try UploadJournal(path: directory.path("journal"))
        #expect(try await strays(of: #require(next.intents().first)).map(\.id) == [unknown.id])
    }

    @Test func `an upload of an older life at the same key stays, and one of a later attempt`() async throws {
        let older = try await client.createMultipartUpload("key")
        let now = try await storeTime()
        let later = UploadIntent(bucket: client.location.bucket, key: "key", since: now + 10)
        #expect(try await strays(of: later).isEmpty)
        let ours = UploadIntent(bucket: client.location.bucket, key: "key", since: now - 1)
        #expect(try await strays(of: ours).map(\.id) == [older.id])
        try await journal.add(UploadIntent(bucket: client.location.bucket, key: "key", since: now))
        #expect(try await strays(of: ours).isEmpty)
    }

    @Test func `uploads of one key are found on every page`() async throws {
        let intent = UploadIntent(
            bucket: client.location.bucket, key: "key &<é", since: try await storeTime())
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await client.createMultipartUpload(intent.key).id) }
        let pages = try await client.openUploads(under: intent.key, pageSize: 2)
        #expect(pages.map(\.id).sorted() == ids.sorted())
        #expect(try await strays(of: intent).map(\.id).sorted() == ids.sorted())
    }

    @Test func `an abort whose answer is lost leaves nothing, and a completion neither`() async throws {
        let aborted = try await client.beginUpload("aborted", in: journal)
        for fault in [ProxyFault.cutAnswer(after: 0), .halveAnswer] {
            proxy.inject(fault, method: "DELETE")
        }
        try await client.abortMultipartUpload(aborted)
        let completed = try await client.beginUpload("completed", in: journal)
        let part = try await client.uploadPart(completed, number: 1, .pattern(100_000))
        proxy.inject(.cutAnswer(after: 0), method: "POST", target: completed.id.prefixOfID)
        proxy.inject(
            .answerInstead("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), method: "POST",
            target: completed.id.prefixOfID)
        try await client.completeMultipartUpload(completed, parts: [part])
        #expect(try await open().isEmpty)
    }

    private func storeTime() async throws -> Int64 {
        _ = try await client.head("nothing")
        return client.storeTime
    }
}

extension String {
    /// Of an upload's id, what stands in a URL as it is.
    fileprivate var prefixOfID: String { String(prefix { $0.isLetter || $0.isNumber }) }
}
