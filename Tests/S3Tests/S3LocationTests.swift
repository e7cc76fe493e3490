// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Secret
import Testing

@testable import S3

@Suite struct S3LocationTests {
    private func url(_ location: S3Location, _ key: String?) -> (url: String, request: HTTPRequest) {
        let credentials = S3Credentials(accessKeyID: "A", secretAccessKey: Secret("s"), origin: "test")
        let signer = RequestSigner(location: location, credentials: credentials, time: 0)
        let request = signer.signed(
            S3Request(action: "GetObject", method: "GET", key: key), limits: HTTPLimits())
        return (request.url, request)
    }

    @Test func `AWS is addressed virtual-host style in the bucket's region`() throws {
        let location = try S3Location(bucket: "backups", region: "eu-central-1")
        #expect(url(location, "a b").url == "https://backups.s3.eu-central-1.amazonaws.com/a%20b")
    }

    @Test func `a bucket with a dot is addressed path style, as the certificate demands`() throws {
        let location = try S3Location(bucket: "my.backups", region: "cn-north-1")
        #expect(url(location, "k").url == "https://s3.cn-north-1.amazonaws.com.cn/my.backups/k")
    }

    @Test func `another store is addressed path style, with its port`() throws {
        let location = try S3Location(bucket: "backups", endpoint: "http://127.0.0.1:8333/")
        #expect(url(location, "/a//é").url == "http://127.0.0.1:8333/backups//a//%C3%A9")
        #expect(url(location, nil).url == "http://127.0.0.1:8333/backups")
        #expect(location.endpointName == "http://127.0.0.1:8333")
    }

    @Test func `virtual-host style on another store keeps the port`() throws {
        let location = try S3Location(
            bucket: "backups", endpoint: "https://S3.Example.com:9000", addressing: .virtualHost)
        #expect(url(location, "k").url == "https://backups.s3.example.com:9000/k")
        #expect(url(location, nil).url == "https://backups.s3.example.com:9000/")
    }

    @Test func `the scheme's own port is left out, as libcurl leaves it out of Host`() throws {
        #expect(try S3Location(bucket: "b", endpoint: "https://h:443").endpointName == "https://h")
        #expect(try S3Location(bucket: "b", endpoint: "http://h:80").endpointName == "http://h")
        #expect(try S3Location(bucket: "b", endpoint: "http://h:443").endpointName == "http://h:443")
        #expect(
            try S3Location(bucket: "b", endpoint: "http://[::1]:9000").endpointName == "http://[::1]:9000")
    }

    @Test func `no scheme means https`() throws {
        #expect(
            try S3Location(bucket: "b", endpoint: "s3.example.com").endpointName == "https://s3.example.com")
    }

    @Test(arguments: [
        "", "ftp://h", "http://", "http://h/path", "http://h:0", "http://h:x", "http://u@h", "http://:80",
    ])
    func `refuses an endpoint that is more or less than scheme, host and port`(endpoint: String) {
        #expect(
            throws: S3Error.invalidLocation("endpoint '\(endpoint)' is not of the form https://host[:port]")
        ) {
            try S3Location(bucket: "b", endpoint: endpoint)
        }
    }

    @Test func `a session token is sent and signed`() throws {
        let location = try S3Location(bucket: "backups", endpoint: "http://h")
        let credentials = S3Credentials(
            accessKeyID: "A", secretAccessKey: Secret("s"), sessionToken: Secret("tok"), origin: "test")
        let signed = RequestSigner(location: location, credentials: credentials, time: 0).signed(
            S3Request(action: "GetObject", method: "GET", key: "k"), limits: HTTPLimits())
        let headers = Dictionary(signed.headers.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(headers["x-amz-security-token"] == "tok")
        #expect(headers["authorization"]?.contains("x-amz-security-token") == true)
    }

    @Test func `over http small bodies are signed and large ones carry a checksum only`() throws {
        let http = try S3Location(bucket: "b", endpoint: "http://h")
        let https = try S3Location(bucket: "b", endpoint: "https://h")
        let hash = { (location: S3Location, count: Int) in
            let credentials = S3Credentials(accessKeyID: "A", secretAccessKey: Secret("s"), origin: "test")
            let signer = RequestSigner(location: location, credentials: credentials, time: 0)
            let body = HTTPBody.bytes([UInt8](repeating: 0, count: count))
            return signer.signed(
                S3Request(action: "PutObject", method: "PUT", key: "k", body: body), limits: HTTPLimits()
            ).headers.first { $0.name == "x-amz-content-sha256" }?.value
        }
        #expect(hash(http, 1)?.count == 64)
        #expect(hash(http, 5 << 20) == "UNSIGNED-PAYLOAD")
        #expect(hash(https, 1) == "UNSIGNED-PAYLOAD")
    }
}
