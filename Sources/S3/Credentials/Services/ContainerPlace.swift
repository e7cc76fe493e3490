// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Secret

/// The endpoint that ECS and EKS give their containers.
///
/// Source: "Container credential provider" in the AWS SDKs' reference.
struct ContainerPlace: CredentialPlace {
    private static let name = "the container's credential endpoint"

    let surroundings: CredentialSurroundings

    func find() async throws -> CredentialFinding {
        guard let url = try url() else { return .notSetUp }
        var headers = [("accept", "application/json")]
        if let token = try await authorization() { headers.append(("authorization", token)) }
        let request = HTTPRequest(
            url: url, headers: headers,
            limits: HTTPLimits(connect: .seconds(2), stall: .seconds(5), total: .seconds(5)))
        let response = try await surroundings.requests.send(request, to: Self.name)
        guard response.status == 200 else {
            throw S3Error.invalidCredentials(
                origin: Self.name,
                reason: "it answered with \(CredentialRequests.words(response, to: request).text)",
                hint: "perhaps: check the role of the task, and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE.")
        }
        return .found(try CredentialDocument(parsing: response.body, origin: Self.name).credentials())
    }

    /// - Throws: `S3Error.invalidCredentials` for a host to which a token must not be sent.
    func url() throws(S3Error) -> String? {
        if let path = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/") else {
                throw .invalidCredentials(
                    origin: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", reason: "it does not begin with '/'")
            }
            return "http://169.254.170.2\(path)"
        }
        let variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
        guard let url = surroundings.variable(variable) else { return nil }
        let pieces = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard pieces.count >= 3, pieces[1].isEmpty, let server = try? S3Server("\(pieces[0])//\(pieces[2])")
        else {
            throw .invalidCredentials(origin: variable, reason: "it is no URL of http or https")
        }
        guard server.isEncrypted || server.isLoopback || Self.ofAWS.contains(server.host) else {
            throw .invalidCredentials(
                origin: variable,
                reason: "host '\(server.host)' over plain http is neither this machine nor AWS's",
                hint: "write https://, a loopback address, 169.254.170.2 or 169.254.170.23.")
        }
        return url
    }

    private static let ofAWS = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]

    /// The file counts before the variable.
    private func authorization() async throws -> String? {
        guard let path = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            return surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        return try await TokenFile.read(path, for: Self.name).plaintext
    }
}
