// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import S3

@Suite struct CredentialChainTests {
    private let directory: TemporaryDirectory
    private let transport: HTTPTransport
    private let properties = S3Credentials(
        accessKeyID: "PROPERTY", secretAccessKey: Secret("p"), origin: "amanda.conf")

    init() throws {
        directory = try TemporaryDirectory()
        transport = try HTTPTransport()
    }

    /// No instance metadata service, so that nobody waits for one.
    private static let onItsOwn = ["AWS_EC2_METADATA_DISABLED": "true"]

    private func chain(
        _ file: String?, _ environment: [String: String] = [:], _ properties: S3Credentials? = nil,
        prefersProperties: Bool = false
    ) async throws -> S3Credentials {
        let chain = CredentialChain(
            credentialsFile: file, deviceProperties: properties, prefersDeviceProperties: prefersProperties,
            transport: transport, environment: environment.merging(Self.onItsOwn) { $1 })
        return try await chain.credentials()
    }

    private let environment = ["AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "e"]

    @Test func `the agent's own file comes first`() async throws {
        let file = try directory.write(
            "s3-credentials",
            "# ours\n[other]\naws_access_key_id = O\n\n[default]\naws_access_key_id=FILE\r\naws_secret_access_key =  s3/c+r=t \n"
        )
        let found = try await chain(file, environment, properties)
        #expect(found.accessKeyID == "FILE")
        #expect(found.secretAccessKey.plaintext == "s3/c+r=t")
        #expect(found.sessionToken == nil)
        #expect(found.origin == "\(file), profile default")
    }

    @Test func `then the environment, with its session token`() async throws {
        var environment = self.environment
        environment["AWS_SESSION_TOKEN"] = "token"
        let found = try await chain(directory.path("absent"), environment, properties)
        #expect(found.accessKeyID == "ENVIRONMENT")
        #expect(found.sessionToken?.plaintext == "token")
        #expect(found.origin == "the environment")
    }

    @Test func `then the shared file with the profile that AWS_PROFILE names`() async throws {
        let file = try directory.write(
            "shared",
            "[default]\naws_access_key_id=D\naws_secret_access_key=d\n[backup]\naws_access_key_id=B\n"
                + "aws_secret_access_key=b\naws_session_token=t\n")
        let found = try await chain(
            nil, ["AWS_SHARED_CREDENTIALS_FILE": file, "AWS_PROFILE": "backup"], properties)
        #expect(found.accessKeyID == "B")
        #expect(found.sessionToken?.plaintext == "t")
    }

    @Test func `then the device properties`() async throws {
        let found = try await chain(nil, ["HOME": directory.path], properties)
        #expect(found == properties)
    }

    @Test func `a store that a configuration names for itself is entered with that configuration's keys`()
        async throws
    {
        let found = try await chain(nil, environment, properties, prefersProperties: true)
        #expect(found == properties)
        #expect(
            try await chain(nil, environment, nil, prefersProperties: true).accessKeyID == "ENVIRONMENT")
    }

    @Test func `a profile that AWS_PROFILE names must be there`() async throws {
        await #expect(
            throws: S3Error.invalidCredentials(
                origin: "profile 'backup'",
                reason:
                    "AWS_PROFILE names it, but /absent/.aws/credentials and /absent/.aws/config have no such credentials",
                hint: "correct AWS_PROFILE, or write the profile.")
        ) {
            try await chain(nil, ["HOME": "/absent", "AWS_PROFILE": "backup"], properties)
        }
    }

    @Test func `nothing anywhere names every place`() async throws {
        do {
            _ = try await chain("/absent/s3-credentials", ["HOME": "/absent"])
            Issue.record("found some")
        } catch let error as S3Error {
            #expect(
                "\(error)" == """
                    no S3 credentials found; looked in /absent/s3-credentials (profile default), \
                    the environment (AWS_ACCESS_KEY_ID), \
                    /absent/.aws/credentials and /absent/.aws/config (profile default), \
                    the device properties of amanda.conf, \
                    the instance metadata service (AWS_EC2_METADATA_DISABLED)
                    hint: put aws_access_key_id and aws_secret_access_key under [default] into a file, and name it by storage.credentialsFile of cluster.json, on a node of agent.json.
                    """)
            #expect(error.kind == .storageRefused)
        }
    }

    @Test func `the coordinator is not sent to an amanda.conf that it does not have`() async {
        let chain = CredentialChain(
            credentialsFile: nil, readsDeviceProperties: false, transport: transport,
            environment: ["HOME": "/absent"].merging(Self.onItsOwn) { $1 })
        await #expect(
            throws: S3Error.noCredentials(lookedIn: [
                "storage.credentialsFile (not set)", "the environment (AWS_ACCESS_KEY_ID)",
                "/absent/.aws/credentials and /absent/.aws/config (profile default)",
                "the instance metadata service (AWS_EC2_METADATA_DISABLED)",
            ])
        ) {
            try await chain.credentials()
        }
    }

    @Test func `half a pair is an error that names where`() async throws {
        let file = try directory.write("half", "[default]\naws_access_key_id=A\n")
        await #expect(
            throws: S3Error.invalidCredentials(
                origin: "\(file), profile default", reason: "aws_secret_access_key is missing")
        ) {
            try await chain(file)
        }
        await #expect(
            throws: S3Error.invalidCredentials(
                origin: "the environment", reason: "AWS_SECRET_ACCESS_KEY is not set")
        ) {
            try await chain(nil, ["AWS_ACCESS_KEY_ID": "A"])
        }
    }

    @Test func `a line that is neither is named by its number, never quoted`() async throws {
        let file = try directory.write("broken", "[default]\naws_access_key_id=A\nverysecret\n")
        do {
            _ = try await chain(file)
            Issue.record("accepted")
        } catch let error as S3Error {
            #expect("\(error)".contains("\(file):3"))
            #expect(!"\(error)".contains("verysecret"))
        }
    }

    @Test func `credentials never print their secrets`() {
        let credentials = S3Credentials(
            accessKeyID: "A", secretAccessKey: Secret("verysecret"), sessionToken: Secret("verytoken"),
            origin: "o")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("verysecret") && !text.contains("verytoken"))
        }
    }
}
