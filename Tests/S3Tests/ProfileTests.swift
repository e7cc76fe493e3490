// SPDX-License-Identifier: Apache-2.0

import Files
import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import S3

/// The two shared files, read as AWS's own tools read them.
@Suite struct ProfileTests {
    private let directory: TemporaryDirectory
    private let transport: HTTPTransport

    init() throws {
        directory = try TemporaryDirectory()
        transport = try HTTPTransport()
    }

    private func credentials(
        _ name: String = "default", credentials: String = "", config: String,
        environment: [String: String] = [:]
    ) async throws -> S3Credentials? {
        let profiles = try await SharedProfiles(
            credentialsFile: directory.write("credentials", credentials),
            configurationFile: directory.write("config", config))
        let surroundings = CredentialSurroundings(
            environment: environment, region: "us-east-1", requests: CredentialRequests(transport: transport))
        return try await ProfileSource(profiles: profiles, surroundings: surroundings).credentials(of: name)
    }

    private func refusal(
        _ name: String = "default", credentials: String = "", config: String,
        environment: [String: String] = [:]
    ) async throws -> String {
        do {
            let found = try await self.credentials(
                name, credentials: credentials, config: config, environment: environment)
            return "accepted: \(found?.accessKeyID ?? "nothing")"
        } catch let error as S3Error {
            return "\(error)".replacing(directory.path, with: "")
        }
    }

    private static let keys = "aws_access_key_id = C\naws_secret_access_key = c\n"

    @Test func `the configuration file heads its profiles otherwise`() async throws {
        let config = """
            [default]
            region = eu-west-1
            s3 =
              max_concurrent_requests = 20
              aws_access_key_id = NESTED
            [profile backup] ; ours
            aws_access_key_id = B
            aws_secret_access_key = b=/+
            [sso-session corp]
            sso_region = eu-west-1
            [stray]
            aws_access_key_id = S
            """
        let found = try #require(try await credentials("backup", config: config))
        #expect(found.accessKeyID == "B")
        #expect(found.secretAccessKey.plaintext == "b=/+")
        #expect(try await credentials(config: config) == nil)
        #expect(try await credentials("stray", config: config) == nil)
    }

    @Test func `a byte order mark and line ends of another system are passed over`() async throws {
        let text = "\u{FEFF}[default]\r\n\(Self.keys.replacing("\n", with: "\r\n"))"
        #expect(try await credentials(credentials: text, config: "")?.accessKeyID == "C")
        #expect(try await credentials(credentials: text, config: "")?.secretAccessKey.plaintext == "c")
    }

    @Test(arguments: [
        (
            "[default]\n\u{A0}\(keys)",
            "/credentials:2:1: U+00A0 NO-BREAK SPACE stands here, where nobody sees it"
        ),
        (
            "[default]\naws_access_key_id = C\naws_secret_access_key = s3cret\u{200B}\n",
            "/credentials:3:31: U+200B ZERO WIDTH SPACE"
        ),
        ("[default\u{AD}]\n\(keys)", "/credentials:1:9: U+00AD SOFT HYPHEN"),
    ]) func `what nobody sees is named, and no key is shown`(text: String, expected: String) async throws {
        let said = try await refusal(credentials: text, config: "")
        #expect(said.contains(expected) && !said.contains("s3cret"), "\(said)")
    }

    @Test func `a file in UTF-16 is called that`() async throws {
        let path = try directory.write("wide", "")
        try FileSystem.writeAtomically(path, [0xFF, 0xFE] + "[default]\n".utf16.flatMap { [UInt8($0), 0] })
        let error = await #expect(throws: S3Error.self) {
            _ = try await SharedProfiles(credentialsFile: path, configurationFile: nil)
        }
        #expect("\(try #require(error))".contains("the file is written in UTF-16, with 16 bits a character"))
        #expect("\(try #require(error))".contains("hint: run: iconv -f UTF-16 -t UTF-8 "))
    }

    @Test func `the credentials file counts before the other, setting by setting`() async throws {
        let found = try #require(
            try await credentials(
                credentials: "[default]\n\(Self.keys)",
                config: "[default]\naws_access_key_id = F\naws_secret_access_key = f\naws_session_token = t\n"
            ))
        #expect(found.accessKeyID == "C")
        #expect(found.sessionToken?.plaintext == "t")
    }

    @Test func `what needs a person is refused with file and line`() async throws {
        #expect(
            try await refusal("corp", config: "[profile corp]\nregion = x\nsso_session = corp\n") == """
                cannot use the S3 credentials from /config:3: 'sso_session' needs a person to sign in, which no backup at night can wait for
                hint: give the machine a role, or use role_arn, credential_process or keys in profile 'corp'.
                """)
        #expect(
            try await refusal(config: "[default]\nrole_arn = r\nsource_profile = s\nmfa_serial = arn:x\n")
                .hasPrefix("cannot use the S3 credentials from /config:4: 'mfa_serial' needs a person"))
    }

    @Test func `a role that leads nowhere is refused with file and line`() async throws {
        #expect(
            try await refusal(config: "[default]\nrole_arn = r\n").contains(
                "/config:2: 'role_arn' without source_profile"))
        #expect(
            try await refusal(config: "[default]\nrole_arn = r\nsource_profile = gone\n").contains(
                "/config:3: profile 'gone' has no credentials"))
        #expect(
            try await refusal(
                config:
                    "[default]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=q\nsource_profile=default\n"
            ).contains("/config:6: profile 'default' is its own source in the end"))
        #expect(
            try await refusal(config: "[default]\nrole_arn=r\ncredential_source=Ec2\n").contains(
                "write Environment, Ec2InstanceMetadata or EcsContainer."))
        #expect(
            try await refusal(
                credentials: "[s]\n\(Self.keys)",
                config: "[default]\nrole_arn=r\nsource_profile=s\nduration_seconds=5\n"
            ).contains("/config:4: duration_seconds must lie between 900 and 43200"))
    }

    @Test func `a process prints credentials that expire`() async throws {
        let program = try directory.write(
            "vend",
            """
            echo '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"p","SessionToken":"t","Expiration":"2026-11-23T08:12:14+00:00"}'
            echo topsecret >&2
            """)
        let found = try #require(
            try await credentials(config: "[default]\ncredential_process = /bin/sh '\(program)'\n"))
        #expect(found.accessKeyID == "P")
        #expect(found.expiresAt == 1_795_421_534)
        #expect(found.origin.hasSuffix("/config:2"))
    }

    @Test(arguments: [
        ("exit 3", "credential_process exited with status 3"),
        ("echo topsecret", "is no JSON of credentials"),
        ("echo '{\"AccessKeyId\":\"topsecret\",\"SecretAccessKey\":\"x\"}'", "no document of Version 1"),
        ("echo '{\"Version\":1,\"SecretAccessKey\":\"topsecret\"}'", "lacks AccessKeyId or SecretAccessKey"),
    ])
    func `a process that fails is named, and nothing that it printed`(
        command: String, reason: String
    ) async throws {
        let text = try await refusal(config: "[default]\ncredential_process = \(command)\n")
        #expect(text.contains("/config:2") && text.contains(reason))
        #expect(!text.contains("topsecret"))
    }
}
