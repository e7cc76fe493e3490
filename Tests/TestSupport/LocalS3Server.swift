// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A real S3 server (SeaweedFS) on 127.0.0.1 with its own data directory.
///
/// Buckets are not made by writing: `makeBucket` does, so that tests of a missing bucket see what AWS would give.
public final class LocalS3Server: Sendable {
    /// Who may do what, in SeaweedFS's words: `Read`, `Write`, `List`, `Tagging`, `Admin`, also `Write:bucket/prefix/*`.
    public struct Identity: Sendable {
        let name: String
        let accessKey: String
        let secretKey: String
        let actions: [String]

        /// An identity that is known by `accessKey`.
        public init(name: String, accessKey: String, secretKey: String, actions: [String]) {
            self.name = name
            self.accessKey = accessKey
            self.secretKey = secretKey
            self.actions = actions
        }

        /// May read, write, list and delete in every bucket.
        public static let everything = Identity(
            name: "test", accessKey: "testkey", secretKey: "testsecret",
            actions: ["Read", "Write", "List", "Tagging"])
    }

    /// Certificate and key, PEM files, of a server that also speaks https.
    public struct TLSFiles: Sendable {
        let certificate: String
        let privateKey: String

        /// Both by path.
        public init(certificate: String, privateKey: String) {
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    /// The access key of `Identity.everything`.
    public let accessKey = Identity.everything.accessKey

    /// Its secret key.
    public let secretKey = Identity.everything.secretKey

    /// The region that any client may name.
    public let region = "us-east-1"

    /// Port of plain http.
    public let port: Int

    /// Port of https; nil without `TLSFiles`.
    public let securePort: Int?

    private let filerPort: Int
    private let process: ServerProcess
    private let directory: TemporaryDirectory

    /// `http://127.0.0.1:port`
    public var endpoint: String { "http://127.0.0.1:\(port)" }

    private static let sharedServer = SharedServer { try await LocalS3Server.start() }

    /// The one server of this test process; it ends with it.
    public static func shared() async throws -> LocalS3Server {
        try await sharedServer.server()
    }

    /// Starts a server of its own and waits until it stores an object.
    ///
    /// - Parameters:
    ///   - identities: besides `Identity.everything`.
    ///   - port: to come back on the port of a server that was stopped; nil: a free one.
    ///   - domain: for virtual-host style, e.g. `localhost`.
    ///   - role: the name of a role that any identity may take (`arn:aws:iam::role/NAME`, action AssumeRole at the
    ///     server's own endpoint) and that may do anything.
    public static func start(
        identities: [Identity] = [], port: Int? = nil, tls: TLSFiles? = nil, domain: String? = nil,
        role: String? = nil
    ) async throws -> LocalS3Server {
        // A port that was free may be somebody else's by the time that the server takes it.
        var attemptsLeft = port == nil ? 3 : 1
        while true {
            let server = try LocalS3Server(
                identities: identities, port: port, tls: tls, domain: domain, role: role)
            do {
                try await server.waitUntilItStores()
                return server
            } catch let failure as ServerFailure {
                attemptsLeft -= 1
                await server.stop()
                guard attemptsLeft > 0 else { throw failure }
            }
        }
    }

    private init(
        identities: [Identity], port: Int?, tls: TLSFiles?, domain: String?, role: String?
    ) throws {
        directory = try TemporaryDirectory("amfleet-weed")
        self.port = port ?? FreePort.find(andAlso: 10_000)
        filerPort = FreePort.find(andAlso: 10_000)
        securePort = tls.map { _ in FreePort.find() }
        try FileSystem.makeDirectories(directory.path("data"))
        let configuration = try directory.write("s3.json", Self.configuration([.everything] + identities))
        var arguments = [
            try RequiredTools.path("weed"), "server", "-dir=\(directory.path("data"))", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-master.port=\(FreePort.find(andAlso: 10_000))",
            "-volume.port=\(FreePort.find(andAlso: 10_000))", "-volume.max=400",
            "-master.volumeSizeLimitMB=64",
            "-filer", "-filer.port=\(filerPort)", "-s3", "-s3.port=\(self.port)",
            "-s3.config=\(configuration)",
            "-s3.iam=\(role != nil)", "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]
        if let tls, let securePort {
            arguments += [
                "-s3.port.https=\(securePort)", "-s3.cert.file=\(tls.certificate)",
                "-s3.key.file=\(tls.privateKey)",
            ]
        }
        if let role {
            arguments.append("-s3.iam.config=\(try directory.write("iam.json", Self.tokenService(role)))")
        }
        if let domain { arguments.append("-s3.domainName=\(domain)") }
        process = try ServerProcess(
            arguments, environment: ["WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"],
            logPath: directory.path("weed.log"),
            scratch: directory.path)
    }

    /// Makes a bucket; without a name, one that nobody else has. Returns its name.
    @discardableResult
    public func makeBucket(_ name: String? = nil) async throws -> String {
        let name = name ?? "bucket-\(UInt32.random(in: 0...UInt32.max))"
        let answer = await LocalHTTP.send("POST", port: filerPort, path: "/buckets/\(name)/")
        guard let answer, (200..<300).contains(answer.status) else {
            throw ServerFailure("bucket '\(name)'", "")
        }
        return name
    }

    /// Kills the server; its data is gone.
    public func stop() async {
        await process.stop()
    }

    /// The file form of SeaweedFS's `-s3.config`. Without a key only the bucket `readiness` is open.
    private static func configuration(_ identities: [Identity]) -> String {
        let list = identities.map { identity in
            """
            {"name": "\(identity.name)", "credentials": [{"accessKey": "\(identity.accessKey)", \
            "secretKey": "\(identity.secretKey)"}], "actions": \(quoted(identity.actions))}
            """
        }
        let anonymous = #"{"name": "anonymous", "actions": ["Write:readiness", "Read:readiness"]}"#
        return "{\"identities\": [\((list + [anonymous]).joined(separator: ",\n"))]}"
    }

    /// The file form of SeaweedFS's `-s3.iam.config`: a token service with one role.
    private static func tokenService(_ role: String) -> String {
        let key = Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
        return """
            {"sts": {"tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "test", "signingKey": "\(key)"},
             "policy": {"defaultEffect": "Deny", "storeType": "memory"},
             "policies": [{"name": "Everything", "document": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}}],
             "roles": [{"roleName": "\(role)", "roleArn": "arn:aws:iam::role/\(role)",
                "trustPolicy": {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole"]}]},
                "attachedPolicies": ["Everything"]}]}
            """
    }

    private static func quoted(_ texts: [String]) -> String {
        "[\(texts.map { "\"\($0)\"" }.joined(separator: ", "))]"
    }

    private func waitUntilItStores() async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        var hasBucket = false
        while ContinuousClock.now < deadline {
            if !hasBucket { hasBucket = (try? await makeBucket("readiness")) != nil }
            if hasBucket,
                let answer = await LocalHTTP.send(
                    "PUT", port: port, path: "/readiness/object", body: "stored"),
                answer.status == 200
            {
                return
            }
            if process.log.contains("address already in use") { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ServerFailure("weed", process.logTail)
    }
}
