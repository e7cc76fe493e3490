// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Secret
import Synchronization
import TestSupport
import Testing

@testable import S3

/// Whatever a store says that there is: a listing ends, with all of it or with why not.
@Suite(.timeLimit(.minutes(2)))
struct ListingBoundTests {
    /// A store whose listing has the pages that the test makes of their numbers, from 0; nil: it was the last.
    private static func client(
        _ page: @escaping @Sendable (Int) -> (keys: [String], next: String?)
    ) throws -> (client: S3Client, server: AnsweringServer) {
        let server = try AnsweringServer { request in
            let query = request.target.split(separator: "?").last ?? ""
            let token = query.split(separator: "&").first { $0.hasPrefix("continuation-token=") }
            let number = token.flatMap { Int($0.split(separator: "=").last?.prefix { $0 != "-" } ?? "") } ?? 0
            let (keys, next) = page(number)
            return .init(200, headers: ["content-type: application/xml"], body(keys, next))
        }
        let client = try S3Fixture(
            endpoint: server.endpoint, bucket: "bucket",
            retry: RetryPolicy(
                storageOutage: .milliseconds(1), firstDelay: .milliseconds(1), longestDelay: .milliseconds(1))
        ).client
        return (client, server)
    }

    static func body(_ keys: [String], _ next: String?) -> String {
        "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType>"
            + "<IsTruncated>\(next != nil)</IsTruncated>"
            + (next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? "")
            + keys.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }.joined()
            + "</ListBucketResult>"
    }

    private func fault(_ work: () async throws -> Void) async throws -> String {
        do {
            try await work()
        } catch let error as S3Error {
            return "\(error)"
        }
        Issue.record("it ended well")
        return ""
    }

    @Test func `pages that come again in turn are no listing`() async throws {
        let (client, server) = try Self.client { number in (["p/\(number % 3)"], "\((number + 1) % 1000)-x") }
        let said = try await fault { _ = try await client.list(prefix: "p/") }
        #expect(said.contains("the listing does not go on"), "\(said)")
        #expect(server.requests.count < 20)
    }

    @Test func `empty pages without end are no listing`() async throws {
        let (client, server) = try Self.client { number in ([], "\(number + 1)-x") }
        let said = try await fault { _ = try await client.list(prefix: "p/") }
        #expect(said.contains("the listing does not go on"), "\(said)")
        #expect(server.requests.count < 500)
    }

    @Test func `some empty pages are none of its faults`() async throws {
        let (client, _) = try Self.client { number in
            (number == 7 ? ["p/a"] : [], number < 9 ? "\(number + 1)-x" : nil)
        }
        #expect(try await client.list(prefix: "p/").objects.map(\.key) == ["p/a"])
    }

    @Test func `a store that has ever more is not asked for ever`() async throws {
        let (client, server) = try Self.client { number in
            ((0..<100).map { "p/\(1_000_000 + number * 100 + $0)" }, "\(number + 1)-x")
        }
        let said = try await fault { _ = try await client.list(prefix: "p/", atMost: 1_000) }
        #expect(said.hasPrefix("more than 1000 objects lie under 'p/' in bucket 'bucket'"), "\(said)")
        #expect(said.contains("hint: amfleet never writes so many there"))
        // Over plain http each page is asked for twice.
        #expect(server.requests.count <= 24)
        let some = try await client.list(prefix: "p/", limit: 150)
        #expect(some.objects.count >= 150 && !some.isComplete)
    }

    @Test func `keys that are not under the prefix are nobody's answer`() async throws {
        let (client, _) = try Self.client { _ in (["p/a", "other/b"], nil) }
        let said = try await fault { _ = try await client.list(prefix: "p/") }
        #expect(said.contains("a listing of 'p/' with 'other/b'"), "\(said)")
    }

    /// No node can make a listing fail for all others by a name.
    @Test func `a key that is no UTF-8 hides none of the others`() async throws {
        let (client, _) = try Self.client { _ in (["p/a", "p/%FF%fe", "p/b"], nil) }
        #expect(
            try await client.list(prefix: "p/").objects.map(\.key) == ["p/a", "p/\u{FFFD}\u{FFFD}", "p/b"])
    }

    @Test(arguments: ["9223372036854775807-01-01T00:00:00Z", "99999999-01-01T00:00:00Z", "0-0-0T0:0:0Z"])
    func `a date that is none is no date`(date: String) throws {
        #expect(ListingDate.secondsSince1970(date) == nil)
        #expect(CredentialExpiry.secondsSince1970(date) == nil)
    }

    @Test(arguments: ["9007199254740993", "9223372036854775807", "-1"])
    func `a length that no object has is none`(length: String) throws {
        #expect(S3ObjectInfo.byteCount(length) == nil)
    }

    @Test func `open uploads that are listed for ever are an error`() async throws {
        let number = Mutex(0)
        let server = try AnsweringServer { _ in
            let count = number.withLock { number in
                number += 1
                return number
            }
            let upload = "<Upload><Key>k</Key><UploadId>\(count)</UploadId></Upload>"
            return .init(
                200,
                "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
                    + "<NextUploadIdMarker>\(count)</NextUploadIdMarker>\(upload)</ListMultipartUploadsResult>"
            )
        }
        let client = try S3Fixture(endpoint: server.endpoint, bucket: "bucket").client
        let said = try await fault { _ = try await client.openUploads(under: "k") }
        #expect(said.contains("objects lie under 'k'"), "\(said)")
        #expect(server.requests.count < 200)
    }
}
