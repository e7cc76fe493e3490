// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import TestSupport
import Testing

@testable import S3

/// Successes that are not the store's: a portal's page, an answer without any proof, bytes that a proxy has packed.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct InterpositionTests {
    private let proxy: FaultyProxy
    private let fixture: S3Fixture
    private var client: S3Client { fixture.client }

    private static let page = ProxyFault.answer(
        status: 200, headers: ["Content-Type: text/html; charset=utf-8"],
        body: "<html><body><p>Please log in to the hotel</p></body></html>")
    /// Nothing about it shows that it is not S3's.
    private static let bare = ProxyFault.answer(status: 200, body: "")

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket())
    }

    private let content = Array("a label, or a record".utf8)

    @Test(arguments: [true, false])
    func `a write that only a page or nothing confirms is made until the store has it`(
        isPage: Bool
    ) async throws {
        _ = try await client.put("k", Array("an older label, as long".utf8))
        proxy.inject(isPage ? Self.page : Self.bare, method: "PUT", times: 2)
        _ = try await client.put("k", content)
        #expect(try await client.get("k", limit: 100).bytes == content)
        proxy.inject(isPage ? Self.page : Self.bare, method: "PUT", times: 2)
        _ = try await client.put("new", content, condition: .ifAbsent)
        #expect(try await client.get("new", limit: 100).bytes == content)
        let block = ByteBlock(content)
        proxy.inject(isPage ? Self.page : Self.bare, method: "PUT", times: 2)
        _ = try await client.put("block", block)
        #expect(try await client.get("block", limit: 100).bytes == content)
        await expectNoWrite(isPage ? Self.page : Self.bare)
    }

    private func expectNoWrite(_ answer: ProxyFault) async {
        proxy.inject(answer, method: "PUT", times: .max)
        do {
            _ = try await client.put("never", content)
            Issue.record("taken for written")
        } catch {
            #expect("\(error)".contains("'never'"), "\(error)")
        }
        proxy.clear()
    }

    @Test func `a write whose answer lacks the tag alone is proved by reading, and made once`() async throws {
        proxy.inject(.changeHeader("etag") { _ in nil }, method: "PUT")
        _ = try await client.put("k", content)
        #expect(proxy.requests.count { $0.hasPrefix("PUT") } == 1)
    }

    @Test func `a page is neither an object nor what is known of one, and not a deletion`() async throws {
        _ = try await client.put("k", content)
        for method in ["GET", "HEAD", "DELETE"] { proxy.inject(Self.page, method: method, times: 2) }
        #expect(try await client.get("k", limit: 100).bytes == content)
        #expect(try await client.head("k")?.byteCount == Int64(content.count))
        proxy.inject(Self.page, method: "GET", times: 2)
        let block = ByteBlock(capacity: 3)
        try await client.get("k", range: 2..<5, into: block)
        #expect(Array(block.bytes) == Array(content[2..<5]))
        try await client.delete("k")
        #expect(try await client.head("k") == nil)
    }

    @Test func `what is known of an object is not what came before the answer was cut`() async throws {
        _ = try await client.put("k", content)
        let info = try #require(try await client.head("k"))
        for byteCount in stride(from: 20, through: 400, by: 20) {
            proxy.inject(.cutAnswer(after: byteCount), method: "HEAD")
            let cut = try #require(try await client.head("k"))
            #expect(cut.etag == info.etag && cut.crc32c == info.crc32c && cut.byteCount == info.byteCount)
        }
    }

    @Test func `a page that stays is quoted`() async throws {
        proxy.inject(Self.page, times: .max)
        for ask in [
            { _ = try await client.get("k", limit: 1000) }, { _ = try await client.list(prefix: "") },
            { try await client.delete("k") },
        ] {
            do {
                try await ask()
                Issue.record("believed")
            } catch {
                #expect("\(error)".contains("Please log in to the hotel"), "\(error)")
            }
        }
    }

    @Test func `what a proxy has packed is called so, and not damaged`() async throws {
        _ = try await client.put("k", content)
        proxy.inject(.addHeader("Content-Encoding: gzip"), method: "GET", times: .max)
        do {
            _ = try await client.get("k", limit: 100)
            Issue.record("believed")
        } catch S3Error.malformedAnswer(_, let reason) {
            #expect(reason.contains("a proxy has packed"))
        }
    }

    @Test func `one refusal of a signature may be a bit that turned, two are none`() async throws {
        let refusal = ProxyFault.error(status: 403, code: "SignatureDoesNotMatch")
        proxy.inject(refusal, method: "PUT")
        _ = try await client.put("k", content)
        proxy.inject(refusal, method: "PUT", times: 2)
        do {
            _ = try await client.put("k", content)
            Issue.record("believed")
        } catch S3Error.signatureMismatch {}
    }
}
