// SPDX-License-Identifier: Apache-2.0

import Digest
import HTTPTransport
import Secret
import XML

/// AWS's Security Token Service: credentials of a role for a while.
///
/// Source: "AssumeRole" and "AssumeRoleWithWebIdentity" in the STS API reference, version 2011-06-15.
struct SecurityTokenService: Sendable {
    static let defaultSession = "amfleet"

    /// A role as it is asked for.
    struct Role: Sendable {
        let arn: String
        let session: String
        var externalID: String?
        var durationSeconds: Int?
    }

    private let server: S3Server
    private let region: String
    private let requests: CredentialRequests
    private let proxy: HTTPProxy?

    /// The service of the region, or what `AWS_ENDPOINT_URL_STS` names.
    ///
    /// - Throws: `S3Error.invalidCredentials` for an endpoint that would let tokens be read on their way.
    init(_ surroundings: CredentialSurroundings) throws(S3Error) {
        requests = surroundings.requests
        region =
            surroundings.variable("AWS_REGION") ?? surroundings.variable("AWS_DEFAULT_REGION")
            ?? surroundings.region
        let ownEndpoint = surroundings.variable("AWS_ENDPOINT_URL_STS")
        server = try S3Server(ownEndpoint ?? S3Location.endpointOfAWS("sts", region))
        proxy = try server.proxy(of: surroundings.proxies, host: server.host)
        guard let endpoint = ownEndpoint else { return }
        guard server.isEncrypted || server.isLoopback else {
            throw .invalidCredentials(
                origin: "AWS_ENDPOINT_URL_STS", reason: "'\(endpoint)' would show the token to the network",
                hint: "write https://.")
        }
    }

    /// Credentials of `role` for who holds `base`.
    func assumeRole(_ role: Role, with base: S3Credentials, origin: String) async throws -> S3Credentials {
        var form = [("Action", "AssumeRole"), ("RoleArn", role.arn), ("RoleSessionName", role.session)]
        if let id = role.externalID { form.append(("ExternalId", id)) }
        if let seconds = role.durationSeconds { form.append(("DurationSeconds", String(seconds))) }
        return try await ask(form, signedWith: base, origin: origin)
    }

    /// Credentials of the role for who has the token in the file.
    func assumeRole(
        _ arn: String, session: String, webIdentityTokenFile path: String, origin: String
    ) async throws -> S3Credentials {
        let token = try await TokenFile.read(path, for: origin)
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("RoleArn", arn), ("RoleSessionName", session),
            ("WebIdentityToken", token.plaintext),
        ]
        return try await ask(form, signedWith: nil, origin: origin)
    }

    private func ask(
        _ form: [(String, String)], signedWith credentials: S3Credentials?, origin: String
    ) async throws -> S3Credentials {
        let body = (form + [("Version", "2011-06-15")])
            .map { "\($0)=\(PercentEncoding.encoded($1))" }.joined(separator: "&")
        let request = request(Array(body.utf8), credentials)
        let response = try await requests.send(request, to: "\(origin) (\(url))")
        let tree = try? XMLElement(parsing: response.body)
        guard response.status == 200 else {
            throw refusal(CredentialRequests.words(response, to: request), origin: origin)
        }
        let result = tree?.elements.first { $0.name.hasSuffix("Result") }
        guard let found = result?.child("Credentials"), let accessKeyID = found["AccessKeyId"],
            let secretAccessKey = found["SecretAccessKey"], let token = found["SessionToken"],
            let expiresAt = found["Expiration"].flatMap(CredentialExpiry.secondsSince1970)
        else {
            throw S3Error.invalidCredentials(
                origin: origin, reason: "the answer of \(url) is not that of STS")
        }
        return S3Credentials(
            accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey), sessionToken: Secret(token),
            origin: origin, expiresAt: expiresAt)
    }

    private var url: String { server.url(host: server.host) }

    private func request(_ body: [UInt8], _ credentials: S3Credentials?) -> HTTPRequest {
        var headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")]
        if let credentials {
            let date = SigningDate(secondsSince1970: Int64(WallClock.now))
            headers.append(("x-amz-date", date.stamp))
            if let token = credentials.sessionToken {
                headers.append(("x-amz-security-token", token.plaintext))
            }
            let signature = SignatureV4(credentials: credentials, region: region, service: "sts", date: date)
                .authorization(
                    method: "POST", path: "/", query: [],
                    headers: headers + [("host", server.hostHeader(server.host))],
                    payloadHash: SHA256.digest(body).hexadecimal)
            headers.append(("authorization", signature))
        }
        var request = HTTPRequest(
            method: "POST", url: "\(url)/", headers: headers, body: .bytes(body),
            limits: HTTPLimits(connect: .seconds(5), stall: .seconds(20), total: .seconds(20)))
        request.proxy = proxy
        return request
    }

    private func refusal(_ words: StoreWords, origin: String) -> S3Error {
        .invalidCredentials(
            origin: origin, reason: "STS at \(url) refused: \(words.text)",
            hint:
                "perhaps: check the role's trust policy, the region, and that the token or key it is asked with still counts."
        )
    }
}
