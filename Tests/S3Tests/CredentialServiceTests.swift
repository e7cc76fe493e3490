// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import S3

/// The services that only AWS has, with a server on loopback in their place.
@Suite(.timeLimit(.minutes(5))) struct CredentialServiceTests {
    private let directory: TemporaryDirectory
    private let transport: HTTPTransport

    init() throws {
        directory = try TemporaryDirectory()
        transport = try HTTPTransport()
    }

    private func credentials(_ environment: [String: String]) async throws -> S3Credentials {
        try await CredentialChain(
            credentialsFile: nil, readsDeviceProperties: false, region: "eu-west-1", transport: transport,
            environment: ["AWS_EC2_METADATA_DISABLED": "true"].merging(environment) { $1 }
        ).credentials()
    }

    private func refusal(_ environment: [String: String]) async -> String {
        do {
            return "accepted: \(try await credentials(environment).origin)"
        } catch {
            return "\(error)"
        }
    }

    private static let document =
        #"{"Code":"Success","AccessKeyId":"M","SecretAccessKey":"m","Token":"mt","Expiration":"2026-11-23T08:12:14Z"}"#

    private func token(_ text: String = "e.y.J\n") throws -> String { try directory.write("token", text) }

    @Test func `a web identity becomes a role's credentials`() async throws {
        let sts = try AnsweringServer { _ in
            .init(
                200,
                """
                <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>W</AccessKeyId>
                <SecretAccessKey>w</SecretAccessKey><SessionToken>wt</SessionToken>
                <Expiration>2026-11-23T08:12:14Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
                </AssumeRoleWithWebIdentityResponse>
                """)
        }
        let path = try token()
        let found = try await credentials([
            "AWS_WEB_IDENTITY_TOKEN_FILE": path, "AWS_ROLE_ARN": "arn:aws:iam::1:role/b",
            "AWS_ROLE_SESSION_NAME": "node01", "AWS_ENDPOINT_URL_STS": sts.endpoint,
        ])
        #expect(found.accessKeyID == "W")
        #expect(found.sessionToken?.plaintext == "wt")
        #expect(found.expiresAt == 1_795_421_534)
        #expect(found.origin == "the web identity in \(path), role arn:aws:iam::1:role/b")
        let request = try #require(sts.requests.first)
        #expect(request.method == "POST" && request.target == "/")
        #expect(
            request.body == "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fb"
                + "&RoleSessionName=node01&WebIdentityToken=e.y.J&Version=2011-06-15")
        #expect(request.headers["authorization"] == nil)
    }

    @Test func `STS's refusal is told without the token`() async throws {
        let sts = try AnsweringServer { _ in
            .init(
                403,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>"
            )
        }
        let text = await refusal([
            "AWS_WEB_IDENTITY_TOKEN_FILE": try token(), "AWS_ROLE_ARN": "r",
            "AWS_ENDPOINT_URL_STS": sts.endpoint,
        ])
        #expect(
            text.contains("role r: STS at \(sts.endpoint) refused: status 403 AccessDenied: Not authorized"))
        #expect(!text.contains("e.y.J"))
    }

    @Test func `STS is asked again when it fails, and not over a network that can read`() async throws {
        let sts = try AnsweringServer { _ in .init(503) }
        let text = await refusal([
            "AWS_WEB_IDENTITY_TOKEN_FILE": try token(), "AWS_ROLE_ARN": "r",
            "AWS_ENDPOINT_URL_STS": sts.endpoint,
        ])
        #expect(text.contains("it answered with status 503"))
        #expect(sts.requests.count == 3)
        #expect(
            await refusal([
                "AWS_WEB_IDENTITY_TOKEN_FILE": try token(), "AWS_ROLE_ARN": "r",
                "AWS_ENDPOINT_URL_STS": "http://sts.example.com",
            ]).contains("would show the token to the network"))
        #expect(
            await refusal(["AWS_WEB_IDENTITY_TOKEN_FILE": "/absent/token"]).contains(
                "AWS_ROLE_ARN is not set"))
        #expect(
            await refusal(["AWS_WEB_IDENTITY_TOKEN_FILE": "/absent/token", "AWS_ROLE_ARN": "r"])
                .contains("cannot open '/absent/token'"))
    }

    @Test func `a region's STS is AWS's own`() throws {
        #expect(S3Location.endpointOfAWS("sts", "eu-west-1") == "https://sts.eu-west-1.amazonaws.com")
        #expect(S3Location.endpointOfAWS("sts", "cn-north-1") == "https://sts.cn-north-1.amazonaws.com.cn")
    }

    @Test func `a container's endpoint is asked with its token`() async throws {
        let endpoint = try AnsweringServer { request in
            request.headers["authorization"] == "Bearer x" ? .init(200, Self.document) : .init(401)
        }
        let file = try token("Bearer x\n")
        let found = try await credentials([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(endpoint.endpoint)/creds?a=b",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stale", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
        ])
        #expect(found.accessKeyID == "M" && found.sessionToken?.plaintext == "mt")
        #expect(endpoint.requests.first?.target == "/creds?a=b")
        let text = await refusal([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(endpoint.endpoint)/topsecret",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stale",
        ])
        #expect(text.contains("the container's credential endpoint: it answered with status 401"))
        #expect(!text.contains("topsecret"))
    }

    @Test func `what a service says is told, and nothing of what it was shown`() async throws {
        let said =
            #"{"code":"AccessDenied","message":"role of task /topsecret is gone for Bearer x","Token":"t0k3n"}"#
        let endpoint = try AnsweringServer { _ in .init(400, said) }
        let text = await refusal([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(endpoint.endpoint)/topsecret",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer x",
        ])
        #expect(
            text.contains("it answered with status 400: AccessDenied: role of task /… is gone for …"),
            "\(text)")
        #expect(!text.contains("t0k3n"))
    }

    @Test func `a store's table says which answers of STS are worth another request`() async throws {
        let sts = try AnsweringServer { _ in
            .init(
                400,
                "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
            )
        }
        let text = await refusal([
            "AWS_WEB_IDENTITY_TOKEN_FILE": try token(), "AWS_ROLE_ARN": "r",
            "AWS_ENDPOINT_URL_STS": sts.endpoint,
        ])
        #expect(sts.requests.count == 3)
        #expect(text.contains("it answered with status 400 Throttling: Rate exceeded"), "\(text)")
    }

    @Test(arguments: [
        ("http://169.254.170.2/x", true), ("http://169.254.170.23/x", true),
        ("http://[fd00:ec2::23]/x", true),
        ("http://127.4.5.6/x", true), ("http://localhost:1/x", true), ("http://[::1]:1/x", true),
        ("https://creds.example.com/x", true), ("http://creds.example.com/x", false),
        ("http://169.254.170.20/x", false), ("http://127.0.0.1.example.com/x", false),
        ("ftp://127.0.0.1/x", false), ("127.0.0.1", false),
    ])
    func `a token goes to nobody but AWS's hosts and this machine`(url: String, isAllowed: Bool) {
        let place = ContainerPlace(
            surroundings: .init(
                environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url], region: "r",
                requests: .init(transport: transport)))
        #expect(((try? place.url()) == url) == isAllowed)
    }

    @Test func `the relative address is ECS's`() throws {
        let place = ContainerPlace(
            surroundings: .init(
                environment: [
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x",
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "y",
                ], region: "r", requests: .init(transport: transport)))
        #expect(try place.url() == "http://169.254.170.2/v2/x")
    }

    /// Version 2 only: without the token every path is refused.
    private func instance(role: String?) throws -> AnsweringServer {
        try AnsweringServer { request in
            if request.method == "PUT", request.target == "/latest/api/token" {
                return request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
                    ? .init(200, "imds-token") : .init(400)
            }
            guard request.headers["x-aws-ec2-metadata-token"] == "imds-token" else { return .init(401) }
            guard let role else { return .init(404) }
            switch request.target {
            case "/latest/meta-data/iam/security-credentials/": return .init(200, role)
            case "/latest/meta-data/iam/security-credentials/\(role)": return .init(200, Self.document)
            default: return .init(404)
            }
        }
    }

    @Test func `an instance's role`() async throws {
        let service = try instance(role: "backup")
        let found = try await credentials([
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.endpoint,
            "AWS_METADATA_SERVICE_TIMEOUT": "30",
        ])
        #expect(found.accessKeyID == "M")
        #expect(found.origin == "the instance metadata service, role backup")
        #expect(service.requests.map(\.method) == ["PUT", "GET", "GET"])
    }

    @Test func `an instance without a role, and a machine that is none`() async throws {
        let service = try instance(role: nil)
        #expect(
            await refusal([
                "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.endpoint,
                "AWS_METADATA_SERVICE_TIMEOUT": "30",
            ]).contains("the instance metadata service (the instance has no role)"))
        #expect(
            await refusal([
                "AWS_EC2_METADATA_DISABLED": "",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(FreePort.find())",
            ]).contains("the instance metadata service (no answer from http://127.0.0.1:"))
    }

    @Test func `silence to the token request has its usual cause named, and soon`() async throws {
        let service = try AnsweringServer { _ in nil }
        let begun = ContinuousClock.now
        let text = await refusal([
            "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.endpoint,
        ])
        #expect(text.contains("is silent: in a container raise the instance's metadata hop limit to 2"))
        #expect(ContinuousClock.now - begun < .seconds(30))
    }

    @Test func `a machine's role does not come before keys that amanda.conf names`() async throws {
        let service = try instance(role: "backup")
        let properties = S3Credentials(accessKeyID: "P", secretAccessKey: .init("p"), origin: "amanda.conf")
        let chain = CredentialChain(
            credentialsFile: nil, deviceProperties: properties, transport: transport,
            environment: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": service.endpoint])
        #expect(try await chain.credentials() == properties)
        #expect(service.requests.isEmpty)
    }
}
