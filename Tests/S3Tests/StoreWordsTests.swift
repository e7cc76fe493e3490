// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import S3

/// What a server says is in the error, whatever it says and however; what a request was signed with never is.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(1)))
struct StoreWordsTests {
    private let proxy: FaultyProxy
    private let client: S3Client

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        client = try S3Fixture(
            endpoint: proxy.endpoint, bucket: try await server.makeBucket(),
            retry: RetryPolicy(
                storageOutage: .milliseconds(50), firstDelay: .milliseconds(5),
                longestDelay: .milliseconds(10))
        ).client
    }

    /// The text of the error of a PUT that is answered so.
    private func refusal(_ status: Int, _ body: String, headers: [String] = []) async throws -> String {
        proxy.clear()
        proxy.inject(.answer(status: status, headers: headers, body: body), times: 9999)
        do {
            _ = try await client.put("k", [1])
        } catch let error as S3Error {
            return "\(error)"
        }
        Issue.record("status \(status) is a success")
        return ""
    }

    private func error(_ code: String, _ message: String, _ more: String = "") -> String {
        "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>\(message)</Message>\(more)</Error>"
    }

    @Test func `a full bucket that calls itself access denied is quoted, and our guess is marked`()
        async throws
    {
        let text = try await refusal(403, error("AccessDenied", "Bucket size quota is reached"))
        let lines = text.split(separator: "\n")
        #expect(
            lines.first?.hasSuffix(": status 403 AccessDenied: Bucket size quota is reached") == true,
            "\(text)")
        #expect(lines.last?.hasPrefix("hint: perhaps: allow s3:PutObject on ") == true, "\(text)")
    }

    @Test(arguments: [
        (400, "ExpiredToken"), (403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch"),
        (403, "RequestTimeTooSkewed"), (404, "NoSuchBucket"), (301, "PermanentRedirect"), (503, "SlowDown"),
        (500, "InternalError"), (404, "NoSuchUpload"), (404, "NoSuchKey"), (412, "PreconditionFailed"),
        (400, "BadDigest"), (400, "InvalidArgument"), (403, "UnheardOf"), (418, "UnheardOf"),
        (530, "UnheardOf"),
    ])
    func `every refusal has the store's code and message`(status: Int, code: String) async throws {
        let text = try await refusal(status, error(code, "in words of its own"))
        #expect(text.contains("status \(status) \(code): in words of its own"), "\(text)")
    }

    @Test func `what it objected to is named`() async throws {
        let text = try await refusal(
            400,
            error(
                "EntityTooLarge", "Too large",
                "<ProposedSize>6000000000</ProposedSize><MaxSizeAllowed>5368709120</MaxSizeAllowed>"
                    + "<ArgumentName>x</ArgumentName><ArgumentValue>y</ArgumentValue><HeaderName>h</HeaderName>"
            ))
        #expect(
            text.contains(
                "Too large; ArgumentName: x; ArgumentValue: y; HeaderName: h; ProposedSize: 6000000000; MaxSizeAllowed: 5368709120"
            ), "\(text)")
    }

    @Test func `a proxy's page is quoted as text, each piece once, and the proxy suspected`() async throws {
        let page = """
            <html>\r\n<head><title>413 Request Entity Too Large</title><style>p { x }</style></head>\r\n<body>
            <center><h1>413 Request Entity Too Large</h1></center><!-- padding --><hr><center>nginx/1.24.0 &amp; co</center>
            </body></html>
            """
        let text = try await refusal(413, page, headers: ["Server: nginx"])
        #expect(
            text.contains(": status 413: 413 Request Entity Too Large nginx/1.24.0 & co; Server: nginx\n"),
            "\(text)")
        #expect(text.contains("hint: perhaps: a proxy or gateway"), "\(text)")
        #expect(try await refusal(403, page).contains("hint: perhaps: a proxy or gateway"))
    }

    @Test func `a service's JSON, a bare line and silence`() async throws {
        #expect(
            try await refusal(429, #"{"code": 10058, "message": "Too many", "token": "s3cr3t"}"#)
                .contains("status 429: 10058: Too many"))
        #expect(try await refusal(502, "upstream is away").contains("status 502: upstream is away"))
        #expect(try await refusal(418, "").contains("status 418 without a word"))
        #expect(
            try await refusal(302, "", headers: ["Location: https://login.example.com/"])
                .contains("status 302: Location: https://login.example.com/"))
    }

    @Test func `what a redirect hands to a login page is not repeated`() async throws {
        for secret in [
            "?token=s3cr3t", "?SAMLRequest=s3cr3t&a=b", "#access_token=s3cr3t", ";jsessionid=s3cr3t",
        ] {
            let text = try await refusal(
                302, "", headers: ["Location: https://login.example.com/in\(secret)"])
            #expect(text.contains("Location: https://login.example.com/in\(secret.prefix(1))…"), "\(text)")
            #expect(!text.contains("s3cr3t"), "\(text)")
        }
    }

    @Test func `what is long is cut, and what a terminal would obey is taken out`() async throws {
        let text = try await refusal(
            400, error("Odd", "a&#27;[31mred\u{202E}back\nline " + String(repeating: "x", count: 5000)))
        #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" }, "\(text)")
        #expect(text.contains("a?[31mred?back | line xxx") && text.contains("…"), "\(text)")
        #expect(text.utf8.count < 700)
    }

    @Test func `nothing that the request was signed with is repeated`() async throws {
        let signed = "AWS4-HMAC-SHA256 20261123T030600Z Signature=abcdef"
        let text = try await refusal(
            403,
            error(
                "SignatureDoesNotMatch", "of testkey",
                "<AWSAccessKeyId>testkey</AWSAccessKeyId><StringToSign>\(signed)</StringToSign>"
                    + "<ArgumentValue>\(signed)</ArgumentValue>"))
        #expect(text.contains("status 403 SignatureDoesNotMatch: of …"), "\(text)")
        let echoed = try await refusal(400, "<pre>PUT /k\nAuthorization: \(signed), testsecret</pre>")
        for secret in ["testkey", "testsecret", "abcdef", "20261123T030600Z"] {
            #expect(!text.contains(secret) && !echoed.contains(secret), "\(text) \(echoed)")
        }
    }

    @Test func `a page where a listing was asked for is quoted too`() async throws {
        proxy.inject(
            .answer(status: 200, body: "<html><body><p>Please log in to the hotel</p></body></html>"),
            times: 9)
        let error = await #expect(throws: S3Error.self) { try await client.list(prefix: "") }
        #expect(
            "\(try #require(error))".contains(
                "<html> instead of <ListBucketResult>: status 200: Please log in to the hotel"))
    }

    @Test func `a HEAD has no words, and a GET asks for them`() async throws {
        proxy.inject(.answer(status: 403), method: "HEAD", times: 99)
        proxy.inject(
            .answer(status: 403, body: error("AccessDenied", "explicit deny")), method: "GET", times: 99)
        let result = await #expect(throws: S3Error.self) { try await client.head("k") }
        #expect("\(try #require(result))".contains("AccessDenied: explicit deny"))
        proxy.clear()
        let seen = proxy.requests.count
        proxy.inject(.answer(status: 503), method: "HEAD", times: 9999)
        proxy.inject(
            .answer(status: 503, body: error("ServiceUnavailable", "moving house")), method: "GET", times: 1)
        let away = await #expect(throws: S3Error.self) { try await client.head("k") }
        let text = "\(try #require(away))"
        #expect(
            text.contains("HeadObject of 'k'") && text.contains("ServiceUnavailable: moving house"), "\(text)"
        )
        #expect(proxy.requests.dropFirst(seen).count { $0.hasPrefix("GET ") } == 1)
    }
}
