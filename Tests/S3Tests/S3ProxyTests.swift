// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Certificates
import HTTPTransport
import InMemoryLogging
import LogOutput
import Logging
import TestSupport
import Testing

@testable import S3

/// A store behind a proxy that the environment names: nobody but the proxy can find it.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct S3ProxyTests {
    private static let host = "store.invalid"
    private static let login = "amfleet:s3cret of the proxy"
    private let transport: HTTPTransport

    init() throws {
        transport = try HTTPTransport()
    }

    private func client(
        _ endpoint: String, bucket: String = "backups", addressing: S3Addressing? = nil,
        authority: String? = nil,
        _ environment: [String: String], proxy: HTTPProxy? = nil, outage: Duration = .milliseconds(300),
        logger: Logger = .discarding
    ) throws -> S3Client {
        var way = S3Way()
        way.proxies = HTTPProxies(environment: environment)
        way.proxy = proxy
        return S3Client(
            location: try S3Location(
                bucket: bucket, endpoint: endpoint, addressing: addressing, authority: authority),
            credentials: S3Fixture.everything, transport: transport,
            retry: RetryPolicy(storageOutage: outage, firstDelay: .milliseconds(5)), way: way, logger: logger)
    }

    private func url(_ proxy: ForwardProxy, scheme: String = "http") -> String {
        "http://amfleet:s3cret%20of%20the%20proxy@127.0.0.1:\(proxy.port)/"
    }

    @Test func `over http every request passes it, with its password`() async throws {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        let proxy = try ForwardProxy(["\(Self.host):9000": server.port], login: Self.login)
        let client = try client(
            "http://\(Self.host):9000", bucket: bucket, ["http_proxy": url(proxy)], outage: .seconds(20))
        _ = try await client.put("a b", ByteBlock.pattern(2_000_000))
        let upload = try await client.createMultipartUpload("large")
        let part = try await client.uploadPart(upload, number: 1, ByteBlock.pattern(6_000_000))
        _ = try await client.completeMultipartUpload(upload, parts: [part])
        #expect(try await client.get("a b", limit: 3_000_000).bytes.count == 2_000_000)
        #expect(try await client.list(prefix: "").objects.map(\.key) == ["a b", "large"])
        #expect(proxy.requests.first == "PUT http://\(Self.host):9000/\(bucket)/a%20b")
        #expect(proxy.requests.count >= 6)
    }

    @Test func `over https it makes tunnels and sees nothing`() async throws {
        let directory = try TemporaryDirectory()
        let authority = try TestAuthority(cluster: "invalid", directory: directory.path)
        let node = try authority.write(.node("store"))
        let server = try await LocalS3Server.start(
            tls: .init(certificate: node.certificate, privateKey: node.privateKey))
        try await server.makeBucket("backups")
        let proxy = try ForwardProxy(["\(Self.host):443": try #require(server.securePort)], login: Self.login)
        let client = try client(
            "https://\(Self.host)", authority: node.authority, ["HTTPS_PROXY": url(proxy)],
            outage: .seconds(20))
        _ = try await client.put("k", ByteBlock.pattern(2_000_000))
        #expect(try await client.get("k", limit: 3_000_000).bytes.count == 2_000_000)
        #expect(Set(proxy.requests) == ["CONNECT \(Self.host):443"])
        await server.stop()
    }

    @Test func `an exception is reached straight, and with its own proxy a store needs none`() async throws {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        let (unused, own) = (
            try ForwardProxy([:]), try ForwardProxy(["127.0.0.1:\(server.port)": server.port])
        )
        let straight = try client(
            server.endpoint, bucket: bucket, ["http_proxy": unused.url, "no_proxy": "localhost,127.0.0.1"],
            outage: .seconds(20))
        _ = try await straight.put("k", [1])
        let both = try client(
            server.endpoint, bucket: bucket, ["http_proxy": unused.url, "no_proxy": "*"],
            proxy: HTTPProxy(property: "127.0.0.1:\(own.port)", origin: "PROXY"), outage: .seconds(20))
        _ = try await both.put("k", [1])
        #expect(unused.requests.isEmpty && own.requests.count == 1)
    }

    @Test(arguments: [
        (403, "refused the way through with status 403"),
        (407, "asks for a user and a password (status 407)"),
        (502, "refused the way through with status 502"), (503, "refused the way through with status 503"),
        (504, "refused the way through with status 504"), (400, "refused the way through with status 400"),
        (530, "refused the way through with status 530"),
    ])
    func `a tunnel that is refused is the proxy's doing`(status: Int, text: String) async throws {
        let proxy = try ForwardProxy([:])
        proxy.refuse(with: status, body: "<html>s3cret</html>")
        let error = await error(try client("https://\(Self.host)", ["https_proxy": url(proxy)]))
        let isPassing = status >= 500
        #expect(
            error.kind == (isPassing ? .storageUnreachable : .storageRefused) && error.reach == .wholeStore)
        #expect((proxy.requests.count > 1) == isPassing)
        let shown = "\(error)"
        #expect(
            shown.hasPrefix(
                "no way through the proxy http://127.0.0.1:\(proxy.port) (https_proxy): it \(text)"),
            "\(shown)")
        #expect(shown.contains("no_proxy") && !shown.contains("s3cret"), "\(shown)")
    }

    @Test func `over http a proxy that asks for a password is told from the store`() async throws {
        let proxy = try ForwardProxy([:], login: "somebody:else")
        let error = await error(try client("http://\(Self.host):9000", ["http_proxy": url(proxy)]))
        #expect(
            "\(error)".contains("(http_proxy): it asks for a user and a password (status 407)"), "\(error)")
        #expect(error.kind == .storageRefused && proxy.requests.count == 1)
    }

    @Test(arguments: ["http", "https"])
    func `a proxy that is not there is named, and tried again`(scheme: String) async throws {
        let port = FreePort.find()
        for (host, text) in [
            ("127.0.0.1", "cannot be reached"), ("proxy.invalid", "host cannot be resolved"),
        ] {
            let error = await error(
                try client("\(scheme)://\(Self.host)", ["\(scheme)_proxy": "http://u:s3cret@\(host):\(port)"])
            )
            #expect(
                "\(error)".hasPrefix("no way through the proxy http://\(host):\(port) (\(scheme)_proxy): "),
                "\(error)")
            #expect("\(error)".contains(text) && !"\(error)".contains("s3cret"), "\(error)")
            #expect(error.isUnreachable)
        }
    }

    @Test func `a proxy that says nothing, or hangs up, is named`() async throws {
        let hangs = try FaultyProxy(to: FreePort.find(), mode: .opaque)
        let error = await error(
            try client("https://\(Self.host)", ["https_proxy": hangs.endpoint]))
        #expect("\(error)".hasPrefix("no way through the proxy \(hangs.endpoint) (https_proxy)"), "\(error)")
        #expect(error.isUnreachable)
    }

    @Test func `a variable that names no proxy is refused before anything is asked`() async throws {
        let error = await error(try client("https://\(Self.host)", ["https_proxy": "socks5://u:s3cret@p:1"]))
        #expect(
            "\(error)".contains("https_proxy cannot be used as a proxy: proxies of scheme 'socks5'"),
            "\(error)")
        #expect(error.kind == .storageRefused && !"\(error)".contains("s3cret"))
    }

    @Test func `what the store refuses through a proxy says so, and no line has the password`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try ForwardProxy(["\(Self.host):80": server.port], login: Self.login)
        let log = InMemoryLogHandler()
        var logger = Logger(label: "t") { _ in log }
        logger.logLevel = .trace
        let error = await error(
            try client("http://\(Self.host)", bucket: "nowhere", ["http_proxy": url(proxy)], logger: logger))
        guard case .noSuchBucket(let call) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(
            call.text.hasSuffix("at http://\(Self.host) through the proxy http://127.0.0.1:\(proxy.port)"))
        #expect(!log.entries.isEmpty)
        for shown in log.entries.map({ "\($0)" }) + ["\(error)", String(reflecting: error)] {
            #expect(!shown.contains("s3cret"), "\(shown)")
        }
    }

    private func error(_ client: S3Client) async -> S3Error {
        do {
            _ = try await client.put("k", [1])
            Issue.record("written")
        } catch let error as S3Error {
            return error
        } catch {
            Issue.record("\(error)")
        }
        return .noCredentials(lookedIn: [])
    }
}

/// Credentials of AWS's services where the environment names a proxy.
@Suite(.timeLimit(.minutes(1))) struct CredentialProxyTests {
    private func find(_ environment: [String: String]) async throws -> S3Credentials {
        try await CredentialChain(
            credentialsFile: nil, readsDeviceProperties: false, transport: try HTTPTransport(),
            environment: environment
        ).credentials()
    }

    @Test func `the token service is asked through it`() async throws {
        let sts = try AnsweringServer { _ in
            .init(
                200,
                """
                <R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>W</AccessKeyId>
                <SecretAccessKey>w</SecretAccessKey><SessionToken>wt</SessionToken>
                <Expiration>2026-11-23T08:12:14Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></R>
                """)
        }
        let port = try #require(sts.endpoint.split(separator: ":").last.flatMap { Int($0) })
        let proxy = try ForwardProxy(["127.0.0.1:\(port)": port])
        let token = try TemporaryDirectory()
        let environment = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": try token.write("token", "t"), "AWS_ROLE_ARN": "arn:r",
            "AWS_ENDPOINT_URL_STS": sts.endpoint, "AWS_EC2_METADATA_DISABLED": "true",
            "http_proxy": proxy.url,
        ]
        #expect(try await find(environment).accessKeyID == "W")
        #expect(proxy.requests == ["POST \(sts.endpoint)/"])
        #expect(try await find(environment.merging(["no_proxy": "127.0.0.1"]) { $1 }).accessKeyID == "W")
        #expect(proxy.requests.count == 1 && sts.requests.count == 2)
    }

    @Test func `an instance's and a container's own services are not`() async throws {
        let document =
            #"{"AccessKeyId":"M","SecretAccessKey":"m","Token":"t","Expiration":"2040-11-23T08:12:14Z"}"#
        let service = try AnsweringServer { request in
            .init(
                200,
                request.target.hasSuffix("token") || request.target.hasSuffix("credentials/")
                    ? "role" : document)
        }
        let proxy = try ForwardProxy([:])
        let behind = ["http_proxy": proxy.url, "https_proxy": proxy.url]
        #expect(
            try await find(behind.merging(["AWS_EC2_METADATA_SERVICE_ENDPOINT": service.endpoint]) { $1 })
                .accessKeyID == "M")
        #expect(
            try await find(
                behind.merging(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(service.endpoint)/credentials"]) {
                    $1
                }
            ).accessKeyID == "M")
        #expect(proxy.requests.isEmpty && service.requests.count == 4)
    }
}
