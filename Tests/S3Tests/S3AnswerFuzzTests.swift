// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Synchronization
import TestSupport
import Testing
import XML

@testable import S3

/// Answers of stores and services, changed at random: they are read or refused. A trap would end the test program.
@Suite(.timeLimit(.minutes(9)))
struct S3AnswerFuzzTests {
    private static let rounds = LongTests.areWanted ? 3_000 : 300

    private static let listing = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>p/</Prefix>\
        <MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
        <Contents><Key>p/slot-01f00000001-mp.data</Key><LastModified>2026-11-23T08:12:14.524Z</LastModified>\
        <ETag>&quot;9b2cf535f27731c974343645a3985328-2&quot;</ETag><Size>10485760</Size>\
        <StorageClass>GLACIER</StorageClass></Contents>\
        <CommonPrefixes><Prefix>p/20261123030600/</Prefix></CommonPrefixes></ListBucketResult>
        """
    private static let uploads = """
        <ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>p/k</Key><UploadId>1</UploadId>\
        <Initiated>2026-11-23T08:12:14.524Z</Initiated></Upload></ListMultipartUploadsResult>
        """
    private static let refusal = """
        <Error><Code>RequestTimeTooSkewed</Code><Message>too large</Message><RequestTime>20261123T081214Z</RequestTime>\
        <ServerTime>2026-11-23T08:12:14Z</ServerTime><MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>\
        <Region>eu-west-1</Region></Error>
        """

    private static func changed(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
        let bytes = ByteMutation.absurd(Array(text.utf8), using: &generator)
        return Bool.random(using: &generator) ? bytes : ByteMutation.damaged(bytes, using: &generator)
    }

    /// Through a real connection, for the headers too.
    @Test func `listings, lengths and refusals`() async throws {
        let now = Mutex(AnsweringServer.Answer())
        let server = try AnsweringServer { _ in now.withLock { $0 } }
        let client = try S3Fixture(
            endpoint: server.endpoint, bucket: "bucket",
            retry: RetryPolicy(
                storageOutage: .milliseconds(1), firstDelay: .milliseconds(1), longestDelay: .milliseconds(1))
        ).client
        var generator = SeededGenerator(seed: 31)
        var readCount = 0
        for round in 0..<(Self.rounds / 3) {
            func number() -> String { ByteMutation.numbers.randomElement(using: &generator) ?? "" }
            let kind = round % 4
            let body = Self.changed([Self.listing, Self.uploads, Self.refusal, ""][kind], &generator)
            let headers = [
                "Date: Mon, \(number()) Nov \(number()) 08:12:14 GMT", "Retry-After: \(number())",
                "ETag: \"\(number())\"", "Last-Modified: Mon, 23 Nov \(number()) \(number()):12:14 GMT",
                "x-amz-restore: ongoing-request=\"false\", expiry-date=\"Fri, \(number()) Dec \(number()) 00:00:00 GMT\"",
                "x-amz-storage-class: DEEP_ARCHIVE", "x-amz-checksum-crc32c: \(number())",
                "x-amz-checksum-type: FULL_OBJECT",
            ]
            now.withLock {
                $0 = .init(
                    kind == 2 ? [403, 400, 503, 404].randomElement(using: &generator) ?? 403 : 200,
                    headers: headers, String(decoding: body, as: UTF8.self))
            }
            if let listing = try? await client.list(prefix: "p/", atMost: 10_000) {
                readCount += listing.objects.count + listing.commonPrefixes.count
            }
            _ = try? await client.openUploads(under: "p/k")
            _ = try? await client.head("p/k")
            _ = try? await client.get("p/k", limit: 1 << 16)
            _ = (client.clockOffset, client.storeTime)
        }
        #expect(readCount > 0)
    }

    @Test func `lifecycle rules, locks and what lies in them`() throws {
        let rules = """
            <LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>V-01</ID>\
            <Prefix>demo/slot-01f</Prefix><Status>Enabled</Status><Transition><Date>2026-11-24T00:00:00.000Z</Date>\
            <StorageClass>GLACIER</StorageClass></Transition></Rule><Rule><ID>mine</ID><Filter><Prefix>x</Prefix></Filter>\
            </Rule></LifecycleConfiguration>
            """
        let rule = TransitionRule(label: "V-01", prefix: "demo/slot-01f", days: 3, now: 1_795_000_000)
        var document = try LifecycleDocument(parsing: Array(rules.utf8))
        let journal = LifecycleJournal(document, at: 1_795_000_000).replacing(
            document, by: document, .init(prefix: "demo/slot-01f", rule: rule, at: 1_795_000_000))
        try document.append(rule)
        var generator = SeededGenerator(seed: 32)
        for _ in 0..<Self.rounds {
            if var read = try? LifecycleDocument(parsing: Self.changed(rules, &generator)) {
                _ = try? read.append(rule)
                _ = try? read.remove { $0.onlyMoves("demo/slot-01f") }
            }
            let note = String(decoding: Self.changed(journal.note, &generator), as: UTF8.self)
            if let read = LifecycleJournal(note) {
                for now in [0, 1_795_000_100, Int64.max] {
                    _ = (read.age(of: document, now: now), try? read.applied(to: document, now: now))
                }
            }
            let lock = ObjectLock.Note(Self.changed("node01, 77\n1795000000\ntext\n", &generator))
            _ = (lock.bytes, lock.freed, lock.isHeld(at: 1_795_000_000))
        }
    }

    @Test func `credentials of services and files`() throws {
        let document = #"""
            {"Version": 1, "Code": "Success", "AccessKeyId": "AK", "SecretAccessKey": "SK", "Token": "T",
             "Expiration": "2026-11-23T08:12:14Z"}
            """#
        let file = """
            [default]
            aws_access_key_id = AKIA1234
            aws_secret_access_key = abc/def+1
            [profile other]
            role_arn = arn:aws:iam::1:role/r
            duration_seconds = 3600
            source_profile = default
            s3 =
              max_concurrent_requests = 20
            """
        var generator = SeededGenerator(seed: 33)
        var readCount = 0
        for _ in 0..<Self.rounds {
            if let read = try? CredentialDocument(parsing: Self.changed(document, &generator), origin: "o") {
                readCount += (try? read.credentials()) == nil ? 0 : 1
            }
            _ = try? SharedFileText(parsing: Self.changed(file, &generator), path: "/c").keys()
            let text = String(decoding: Self.changed("2026-11-23T08:12:14.524Z", &generator), as: UTF8.self)
            _ = (ListingDate.secondsSince1970(text), CredentialExpiry.secondsSince1970(text))
            _ = HTTPDate.secondsSince1970(
                String(decoding: Self.changed("Mon, 23 Nov 2026 08:12:14 GMT", &generator), as: UTF8.self))
            _ = try? XMLElement(parsing: Self.changed(Self.listing, &generator))
        }
        #expect(readCount > 0)
    }
}
