// SPDX-License-Identifier: Apache-2.0

import Digest
import Secret

/// AWS's Signature Version 4, in headers.
///
/// Every header given is signed. Source: "Authenticating Requests: Using the Authorization Header" in the S3 API
/// reference; its examples are our tests.
struct SignatureV4 {
    let credentials: S3Credentials
    let region: String
    /// AWS's name of the service that is asked.
    var service = "s3"
    let date: SigningDate

    /// Payload hash of a body that is not signed.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// The value of the header `Authorization`.
    ///
    /// - Parameters:
    ///   - path: percent-encoded, from the first slash.
    ///   - query: names and values, not encoded, in any order.
    ///   - headers: with `host`, `x-amz-date` and `x-amz-content-sha256`.
    ///   - payloadHash: hexadecimal SHA-256 of the body, or `unsignedPayload`.
    func authorization(
        method: String, path: String, query: [(name: String, value: String)],
        headers: [(name: String, value: String)], payloadHash: String
    ) -> String {
        let signed = headers.map { (name: $0.name.lowercased(), value: Self.trimmed($0.value)) }
            .sorted { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")
        let canonicalRequest = [
            method, path, Self.canonicalQuery(query), signed.map { "\($0.name):\($0.value)\n" }.joined(),
            names,
            payloadHash,
        ].joined(separator: "\n")
        let scope = "\(date.day)/\(region)/\(service)/aws4_request"
        let stringToSign = [
            "AWS4-HMAC-SHA256", date.stamp, scope, SHA256.digest(Array(canonicalRequest.utf8)).hexadecimal,
        ].joined(separator: "\n")
        let signature = HMACSHA256.code(key: signingKey, message: Array(stringToSign.utf8)).hexadecimal
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope),SignedHeaders=\(names),"
            + "Signature=\(signature)"
    }

    /// The query as it is signed and sent: encoded, sorted by name, then value; `=` also after an empty value.
    static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        query.map { (PercentEncoding.encoded($0.name), PercentEncoding.encoded($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }

    private var signingKey: [UInt8] {
        var key = Array("AWS4\(credentials.secretAccessKey.plaintext)".utf8)
        for message in [date.day, region, service, "aws4_request"] {
            key = HMACSHA256.code(key: key, message: Array(message.utf8))
        }
        return key
    }

    /// Blanks around a value are dropped, several in a row become one.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
