// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import TestSupport
import Testing

@testable import S3

/// The contract that every store must keep, on every store.
@Suite(.enabled(if: RequiredTools.areUsable("weed", "rclone")), .timeLimit(.minutes(4)))
struct S3StoreTests {
    @Test(arguments: S3Fixture.Store.allCases)
    func `an object goes up and comes back, with its length and tag`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        let key = fixture.key("object")
        let version = try await fixture.client.put(key, Array("hello".utf8))
        let (bytes, readVersion) = try await fixture.client.get(key, limit: 100)
        #expect(bytes == Array("hello".utf8))
        #expect(readVersion == version)
        #expect(!version.etag.isEmpty && !version.etag.contains("\""))
        let info = try #require(try await fixture.client.head(key))
        #expect(info.byteCount == 5)
        #expect(info.etag == version.etag)
        #expect(abs(try #require(fixture.client.clockOffset).components.seconds) < 60)
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `an empty object is an object`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        _ = try await fixture.client.put(fixture.key("empty"), [])
        #expect(try await fixture.client.get(fixture.key("empty"), limit: 0).bytes.isEmpty)
        #expect(try await fixture.client.head(fixture.key("empty"))?.byteCount == 0)
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `what is absent is absent for certain`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        #expect(try await fixture.client.head(fixture.key("absent")) == nil)
        do {
            _ = try await fixture.client.get(fixture.key("absent"), limit: 10)
            Issue.record("found")
        } catch S3Error.notFound(let call) {
            #expect(call.key == fixture.key("absent"))
        }
        try await fixture.client.delete(fixture.key("absent"))
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `what is deleted is gone`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        _ = try await fixture.client.put(fixture.key("object"), [1])
        try await fixture.client.delete(fixture.key("object"))
        #expect(try await fixture.client.head(fixture.key("object")) == nil)
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `ranges of an object fill a block exactly`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        let whole = ByteBlock.pattern(3_000_000)
        _ = try await fixture.client.put(fixture.key("object"), whole)
        let block = ByteBlock(capacity: 1 << 20)
        for range: Range<Int64> in [0..<1, 0..<1_048_576, 2_500_000..<3_000_000, 1_234_567..<1_234_567] {
            try await fixture.client.get(fixture.key("object"), range: range, into: block)
            #expect(block.bytes.elementsEqual(whole.bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `a range beyond the end is an error, never a short block`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        _ = try await fixture.client.put(fixture.key("object"), ByteBlock.pattern(1000))
        let block = ByteBlock(capacity: 2000)
        for range: Range<Int64> in [0..<1001, 999..<1001, 1000..<1001, 5000..<5001] {
            do {
                try await fixture.client.get(fixture.key("object"), range: range, into: block)
                Issue.record("\(range) was given")
            } catch S3Error.wrongLength(_, let expected, _) {
                #expect(expected == Int64(range.count))
            }
        }
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `a longer object than the caller takes is an error`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        _ = try await fixture.client.put(fixture.key("object"), [1, 2, 3])
        await #expect(throws: S3Error.self) { try await fixture.client.get(fixture.key("object"), limit: 2) }
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `a multipart upload comes back as one object`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        let pieces = [ByteBlock.pattern(5 << 20), .pattern(5 << 20, seed: 2), .pattern(12_345, seed: 3)]
        let proof = try await fixture.upload(fixture.key("object"), pieces)
        #expect(proof.byteCount == 10_498_105)
        #expect(proof.strength == (store == .seaweed ? .fullObjectChecksum : .lengthOnly))
        let block = ByteBlock(capacity: 5 << 20)
        for (piece, start) in zip(pieces, [Int64(0), 5 << 20, 10 << 20]) {
            try await fixture.client.get(
                fixture.key("object"), range: start..<start + Int64(piece.count), into: block)
            #expect(block.bytes.elementsEqual(piece.bytes))
        }
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `an upload that was given up leaves nothing, and giving up twice is fine`(
        store: S3Fixture.Store
    ) async throws {
        let fixture = try await S3Fixture(store)
        let upload = try await fixture.client.createMultipartUpload(fixture.key("object"))
        let part = try await fixture.client.uploadPart(upload, number: 1, .pattern(5 << 20))
        try await fixture.client.abortMultipartUpload(upload)
        try await fixture.client.abortMultipartUpload(upload)
        #expect(try await fixture.client.head(fixture.key("object")) == nil)
        await #expect(throws: S3Error.self) {
            try await fixture.client.completeMultipartUpload(upload, parts: [part])
        }
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `a listing gives every key, page by page`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        let keys = (0..<60).map { fixture.key("k\($0 + 100)") }
        let client = fixture.client
        try await withThrowingTaskGroup(of: Void.self) { group in
            for key in keys { group.addTask { _ = try await client.put(key, [1, 2]) } }
            try await group.waitForAll()
        }
        let listing = try await client.list(prefix: fixture.prefix, pageSize: 7)
        #expect(listing.objects.map(\.key) == keys)
        #expect(listing.isComplete)
        let first = try #require(listing.objects.first)
        #expect(first.byteCount == 2 && !first.etag.isEmpty && (first.lastModified ?? 0) > 1_700_000_000)
        let limited = try await client.list(prefix: fixture.prefix, limit: 10, pageSize: 7)
        #expect(limited.objects.map(\.key) == Array(keys.prefix(10)))
        #expect(!limited.isComplete)
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `a delimiter sums up what lies deeper`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        for name in ["a/1", "a/2", "b c/3", "top"] {
            _ = try await fixture.client.put(fixture.key(name), [1])
        }
        let listing = try await fixture.client.list(prefix: fixture.prefix, delimiter: "/")
        #expect(listing.objects.map(\.key) == [fixture.key("top")])
        #expect(listing.commonPrefixes == [fixture.key("a/"), fixture.key("b c/")])
        #expect(try await fixture.client.list(prefix: fixture.key("nothing")).objects.isEmpty)
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `keys with odd characters go up, come back and are listed`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        let names = ["a b+c", "é€😀", "50%25%", "ctl\u{1}\u{1f}", "new\nline", "<&>'\"", "=?#;:@$,!*()", "~"]
        for name in names {
            let key = fixture.key(name)
            _ = try await fixture.client.put(key, Array(name.utf8))
            #expect(try await fixture.client.get(key, limit: 100).bytes == Array(name.utf8))
            #expect(try await fixture.client.head(key)?.byteCount == Int64(name.utf8.count))
        }
        let listed = try await fixture.client.list(prefix: fixture.prefix).objects.map(\.key)
        #expect(Set(listed) == Set(names.map(fixture.key)))
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `a hundred requests at a time all succeed`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store, limits: S3Limits(concurrentRequests: 100))
        let client = fixture.client
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                let key = fixture.key("n\(number)")
                group.addTask {
                    _ = try await client.put(key, Array("\(number)".utf8))
                    return try await client.get(key, limit: 10).bytes == Array("\(number)".utf8)
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }
}
