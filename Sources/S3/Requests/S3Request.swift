// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Digest
import HTTPTransport
import Secret

/// One S3 operation before it is signed; each attempt signs it anew.
struct S3Request {
    /// S3's name of the operation.
    let action: String
    let method: String
    /// nil: about the bucket.
    var key: String?
    /// Of a multipart upload.
    var part: Int?
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body: HTTPBody = .empty
    var sink: HTTPSink = .collect(limit: 16 << 20)
    /// Longer silence than usual is expected.
    var stall: Duration?
    /// Bytes came another time as nobody can use them: not over a connection that was there before.
    var needsNewConnection = false
    /// Sent a second time it would be judged by what the first has done.
    var isSentOnce = false
    /// Of an upload's body, for messages.
    var checksum: String?

    /// The answer is an object's bytes, in which `<Error>` means nothing.
    var isObjectRead: Bool { action == "GetObject" }

    /// It knows how many bytes must come.
    var isRangeRead: Bool { if case .block = sink { true } else { false } }

    /// It carries a condition on what is there already.
    var isConditionalWrite: Bool {
        method == "PUT" && headers.contains { $0.name == "if-match" || $0.name == "if-none-match" }
    }

    func call(at location: S3Location, credentialsOrigin: String?, proxy: String? = nil) -> S3Call {
        S3Call(
            action: action, endpoint: location.endpointName, bucket: location.bucket, key: key,
            credentialsOrigin: credentialsOrigin, proxy: proxy)
    }
}

/// Makes the HTTP request of an attempt.
struct RequestSigner {
    let location: S3Location
    let credentials: S3Credentials
    /// Seconds since 1970 by the store's clock as far as we know it.
    let time: Int64

    /// URL, headers and signature of `request`.
    func signed(_ request: S3Request, limits: HTTPLimits) -> HTTPRequest {
        let host = location.host
        let path = self.path(request.key)
        let date = SigningDate(secondsSince1970: time)
        let payloadHash = self.payloadHash(request.body)
        var headers = request.headers
        headers += [("x-amz-content-sha256", payloadHash), ("x-amz-date", date.stamp)]
        if let token = credentials.sessionToken {
            headers.append(("x-amz-security-token", token.plaintext))
        }
        let signature = SignatureV4(credentials: credentials, region: location.region, date: date)
            .authorization(
                method: request.method, path: path, query: request.query,
                headers: headers + [("host", location.server.hostHeader(host))], payloadHash: payloadHash)
        let query = SignatureV4.canonicalQuery(request.query)
        var signed = HTTPRequest(
            method: request.method,
            url: location.server.url(host: host) + path + (query.isEmpty ? "" : "?\(query)"),
            headers: headers + [("authorization", signature)], body: request.body, sink: request.sink,
            identity: location.authority.map { HTTPIdentity(authority: $0) }, limits: limits)
        signed.isSentOnce = request.isSentOnce
        return signed
    }

    private func path(_ key: String?) -> String {
        let object = key.map(PercentEncoding.path)
        let service = PercentEncoding.path(location.servicePath)
        return switch location.addressing {
        case .path: "\(service)/\(PercentEncoding.encoded(location.bucket))" + (object.map { "/\($0)" } ?? "")
        case .virtualHost: "\(service)/" + (object ?? "")
        }
    }

    /// Over https the connection protects the body. Over plain http small bodies are signed; hashing the large ones
    /// would cost 0.6 CPU seconds a GB, and they carry a signed CRC-32C instead: enough against faults, but whoever
    /// can write to such a network can forge a part.
    private func payloadHash(_ body: HTTPBody) -> String {
        if location.server.isEncrypted || body.byteCount > Self.signedBodyLimit {
            return SignatureV4.unsignedPayload
        }
        return switch body {
        case .empty: SHA256.digest([UInt8]()).hexadecimal
        case .bytes(let bytes): SHA256.digest(bytes).hexadecimal
        case .block(let block): SHA256.digest(block.bytes).hexadecimal
        }
    }

    private static let signedBodyLimit = 1 << 20
}
