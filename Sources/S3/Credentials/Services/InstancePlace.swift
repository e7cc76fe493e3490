// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// The metadata service of an EC2 instance, version 2: a token first, then the role's credentials.
///
/// Version 1 is not spoken. Nobody there within a second means that this is no instance of EC2.
/// Source: "Retrieve security credentials from instance metadata" in the EC2 user guide.
struct InstancePlace: CredentialPlace {
    private static let name = "the instance metadata service"
    private static let rolePath = "/latest/meta-data/iam/security-credentials/"

    let surroundings: CredentialSurroundings

    func find() async throws -> CredentialFinding {
        if surroundings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            return .nothing("\(Self.name) (AWS_EC2_METADATA_DISABLED)")
        }
        let server = try server()
        let token: String
        switch try await askForToken(server) {
        case .given(let text): token = text
        case .none(let reason): return .nothing("\(Self.name) (\(reason))")
        }
        guard let role = try await get(Self.rolePath, server, token)?.role else {
            return .nothing("\(Self.name) (the instance has no role)")
        }
        let origin = "\(Self.name), role \(role)"
        guard let response = try await get(Self.rolePath + PercentEncoding.encoded(role), server, token)
        else {
            throw S3Error.invalidCredentials(origin: origin, reason: "it has no credentials of the role")
        }
        return .found(try CredentialDocument(parsing: response.body, origin: origin).credentials())
    }

    private func server() throws(S3Error) -> S3Server {
        if let endpoint = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
            return try S3Server(endpoint)
        }
        let mode = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased()
        return try S3Server(mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
    }

    private enum TokenAnswer {
        case given(String)
        case none(reason: String)

        var reason: String {
            switch self {
            case .given: ""
            case .none(let reason): reason
            }
        }
    }

    /// The answer to this one request ends at the instance's hop limit: silence after the connection stood has a cause
    /// of its own.
    private func askForToken(_ server: S3Server) async throws -> TokenAnswer {
        let url = server.url(host: server.host)
        var answer = TokenAnswer.none(reason: "no answer from \(url)")
        let request = HTTPRequest(
            method: "PUT", url: "\(url)/latest/api/token",
            headers: [("x-aws-ec2-metadata-token-ttl-seconds", "21600")], limits: limits)
        for attempt in 1...attempts {
            if attempt > 1 {
                surroundings.requests.note(Self.name, failedAttempt: attempt - 1, answer.reason, .zero)
            }
            do throws(HTTPTransportError) {
                let response = try await surroundings.requests.transport.send(request)
                if response.status == 200 { return .given(String(decoding: response.body, as: UTF8.self)) }
                answer = .none(
                    reason:
                        "\(url) gives no token of IMDSv2: \(CredentialRequests.words(response, to: request).text)"
                )
                if response.status < 500 { return answer }
            } catch {
                switch error {
                case .cancelled: throw CancellationError()
                case .stalled, .timedOut:
                    answer = .none(
                        reason:
                            "\(url) is silent: in a container raise the instance's metadata hop limit to 2")
                default: break
                }
            }
        }
        return answer
    }

    private func get(_ path: String, _ server: S3Server, _ token: String) async throws -> HTTPResponse? {
        let request = HTTPRequest(
            url: server.url(host: server.host) + path, headers: [("x-aws-ec2-metadata-token", token)],
            limits: limits)
        let response = try await surroundings.requests.send(request, to: Self.name)
        switch response.status {
        case 200: return response
        case 404: return nil
        default:
            throw S3Error.credentialsUnavailable(
                origin: Self.name,
                reason: "it answered with \(CredentialRequests.words(response, to: request).text)")
        }
    }

    private var limits: HTTPLimits {
        let seconds = surroundings.variable("AWS_METADATA_SERVICE_TIMEOUT").flatMap { Int($0) } ?? 1
        let limit = Duration.seconds(max(1, min(seconds, 60)))
        return HTTPLimits(connect: limit, stall: limit, total: limit * 2)
    }

    private var attempts: Int {
        let attempts = surroundings.variable("AWS_METADATA_SERVICE_NUM_ATTEMPTS").flatMap { Int($0) } ?? 1
        return max(1, min(attempts, 10))
    }
}

extension HTTPResponse {
    /// The first line.
    fileprivate var role: String? {
        String(decoding: body, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
    }
}
