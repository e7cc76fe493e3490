// SPDX-License-Identifier: Apache-2.0

import Digest
import Secret
import Testing

@testable import S3

/// The examples of "Authenticating Requests: Using the Authorization Header" in AWS's S3 API reference.
@Suite struct SignatureV4Tests {
    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// Friday, 24 May 2013, midnight UTC.
    private let signature = SignatureV4(
        credentials: S3Credentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE",
            secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), origin: "the example"),
        region: "us-east-1", date: SigningDate(secondsSince1970: 1_369_353_600))

    private func headers(
        _ hash: String, _ more: [(name: String, value: String)] = []
    ) -> [(
        name: String, value: String
    )] {
        [
            ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", hash),
            ("x-amz-date", "20130524T000000Z"),
        ] + more
    }

    private func expected(_ names: String, _ signature: String) -> String {
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=\(names),Signature=\(signature)"
    }

    @Test func `signs AWS's example of a ranged GET`() {
        let authorization = signature.authorization(
            method: "GET", path: "/test.txt", query: [],
            headers: headers(Self.emptyHash, [("Range", "bytes=0-9")]), payloadHash: Self.emptyHash)
        #expect(
            authorization
                == expected(
                    "host;range;x-amz-content-sha256;x-amz-date",
                    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"))
    }

    @Test func `signs AWS's example of a PUT`() {
        let hash = SHA256.digest(Array("Welcome to Amazon S3.".utf8)).hexadecimal
        let authorization = signature.authorization(
            method: "PUT", path: "/\(PercentEncoding.path("test$file.text"))", query: [],
            headers: headers(
                hash,
                [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")]),
            payloadHash: hash)
        #expect(
            authorization
                == expected(
                    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
    }

    @Test func `signs AWS's example of a query without a value`() {
        let authorization = signature.authorization(
            method: "GET", path: "/", query: [("lifecycle", "")], headers: headers(Self.emptyHash),
            payloadHash: Self.emptyHash)
        #expect(
            authorization
                == expected(
                    "host;x-amz-content-sha256;x-amz-date",
                    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
    }

    @Test func `signs AWS's example of a listing, in whatever order the query is given`() {
        for query in [[("max-keys", "2"), ("prefix", "J")], [("prefix", "J"), ("max-keys", "2")]] {
            let authorization = signature.authorization(
                method: "GET", path: "/", query: query.map { (name: $0.0, value: $0.1) },
                headers: headers(Self.emptyHash), payloadHash: Self.emptyHash)
            #expect(
                authorization
                    == expected(
                        "host;x-amz-content-sha256;x-amz-date",
                        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
        }
    }

    @Test func `another day gives another signing key`() {
        let later = SignatureV4(
            credentials: signature.credentials, region: "us-east-1",
            date: SigningDate(secondsSince1970: 1_369_353_600 + 86_400))
        let sign = { (signature: SignatureV4) in
            signature.authorization(
                method: "GET", path: "/", query: [], headers: self.headers(Self.emptyHash),
                payloadHash: Self.emptyHash)
        }
        #expect(sign(later) != sign(signature))
        #expect(sign(later).contains("/20130525/"))
    }

    @Test(arguments: [
        (0, "19700101T000000Z"), (1_440_938_160, "20150830T123600Z"), (1_709_251_199, "20240229T235959Z"),
        (1_795_421_534, "20261123T081214Z"),
    ])
    func `writes the date as SigV4 wants it`(seconds: Int64, stamp: String) {
        #expect(SigningDate(secondsSince1970: seconds).stamp == stamp)
    }
}
