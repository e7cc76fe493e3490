// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Certificates
import Files
import FoundationEssentials
import HTTPTransport
import LogOutput
import S3
import Sealing
import Secret
import TestSupport
import Testing

@testable import Agent

/// What is sealed of a node, when, and what is said where it cannot be: with a real store and a real recovery key.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct SecretSealingTests {
    private let node: NodeFixture
    private let key: RecoveryKey
    private let settings: AgentSettings
    private let client: S3Client

    init() async throws {
        node = try await NodeFixture(server: .shared())
        key = try RecoveryKey.create(cluster: "demo")
        let identity = try TestAuthority(directory: node.path("identity")).write(.node("node01"))
        var settings = node.settings
        settings.tls = .init(
            authority: identity.authority, certificate: identity.certificate, privateKey: identity.privateKey)
        settings.file = node.path("agent.json")
        self.settings = settings
        client = node.client
        try FileSystem.makeDirectories(settings.stateDirectory, mode: 0o700)
        try node.write("agent.json", "{}\n")
        try node.write("keys/own", "the key of an own program\n")
    }

    private func configure(_ lines: [String]) throws {
        try node.configure("data", disks: [node.data], dumptypeLines: ["record no"] + lines)
    }

    private func sealing(
        _ run: String, to recipients: [RecoveryCertificate?], clusterID: String?
    ) throws -> SecretSealing {
        let recovery = RecoveryOrder(recipients.compactMap(\.self), clusterID: clusterID)
        return SecretSealing(
            settings: settings,
            request: try node.request(run, .backup(BackupOrder(configurations: NodeFixture.both))),
            recovery: recovery, client: client, logger: .silent)
    }

    private func seal(
        _ run: String, to recipients: [RecoveryCertificate?]? = nil, clusterID: String? = nil
    ) async throws -> SecretSealing.Outcome {
        let configurations = try await CheckedConfiguration.all(NodeFixture.both, settings, node.storage)
        return try await sealing(run, to: recipients ?? [key.certificate], clusterID: clusterID)
            .seal(configurations)
    }

    private func opened(_ record: SealedRecord) async throws -> OpenedBundle {
        try SealedBundle.open(await client.get(record.key, limit: 16 << 20).bytes, with: key)
    }

    private static let own = [
        "encrypt server", "server_encrypt \"/usr/local/bin/mycrypt\"",
    ]

    /// A machine that comes back may know the new authority alone.
    @Test func `under another authority the same secrets are sealed once more`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        let first = try #require(try await seal("20261130020000").sealed)
        #expect(try await seal("20261201020000").sealed?.key == first.key)
        _ = try TestAuthority(directory: node.path("identity")).write(.node("node01"))
        let second = try #require(try await seal("20261202020000").sealed)
        #expect(second.key != first.key)
        try await opened(second).requireOwner(
            PeerName(cluster: "demo", role: .node("node01")),
            authorities: AuthorityBundle(contentsOf: settings.tls.authority))
        #expect(try await seal("20261203020000").sealed?.key == second.key)
    }

    @Test func `what a property names is sealed, signed by the node, and never its TLS key`() async throws {
        try configure(
            Self.own + [
                "property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\" \"\(settings.tls.privateKey)\""
            ])
        let outcome = try await seal("20261130020000")
        let record = try #require(outcome.sealed)
        #expect(record.missing == nil, "\(record)")
        let bundle = try await opened(record)
        let paths = bundle.bundle.files.map(\.path)
        #expect(paths.contains(node.path("keys/own")) && paths.contains(node.path("agent.json")))
        #expect(!paths.contains(settings.tls.privateKey))
        #expect(outcome.notes.contains { $0.text.contains("is not sealed: it is no key of Amanda's") })
        try bundle.requireOwner(
            PeerName(cluster: "demo", role: .node("node01")),
            authorities: AuthorityBundle(contentsOf: settings.tls.authority))
    }

    /// As whoever mounts or rotates secrets leaves them.
    @Test func `a directory of keys brings what lies behind its links too`() async throws {
        try node.write("keys/..2026/one", "one\n")
        try FileSystem.makeSymbolicLink(node.path("keys/..data"), to: "..2026")
        try FileSystem.makeSymbolicLink(node.path("keys/one"), to: "..data/one")
        try FileSystem.makeSymbolicLink(node.path("keys/nowhere"), to: "no-such-key")
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys"))\""])
        let record = try #require(try await seal("20261130020000").sealed)
        #expect(record.missing == nil, "\(record)")
        let bundle = try await opened(record).bundle
        let files = bundle.files.filter { $0.kind == .encryption }
        #expect(files.map(\.path) == ["..2026/one", "one", "own"].map { node.path("keys/\($0)") })
        #expect(files[1].content == Array("one\n".utf8))
    }

    /// What compresses may encrypt as well, and a script may need a password file.
    @Test(arguments: [
        ["compress server custom", "server_custom_compress \"/usr/local/bin/zcrypt\""], ["compress none"],
    ])
    func `what a property names is sealed also where nothing is called encryption`(
        lines: [String]
    )
        async throws
    {
        func keys(_ path: String) async throws -> (sealed: [String], missing: String?) {
            try configure(lines + ["property \"AMFLEET-SECRETS\" \"\(path)\""])
            let configurations = try await CheckedConfiguration.all(NodeFixture.both, settings, node.storage)
            let inventory = SecretInventory(configurations, settings)
            let reading = SecretReading(inventory, configurations, settings)
            return (
                reading.files.filter { $0.kind == .encryption }.map(\.path),
                inventory.faults(reading, node: "node01").first?.message
            )
        }
        #expect(try await keys(node.path("keys/own")).sealed == [node.path("keys/own")])
        let missing = try await keys("/no/such/key").missing
        #expect(missing?.contains("'/no/such/key' is not there") == true, "\(missing ?? "")")
        try configure(lines)
        let plain = SecretInventory(
            try await CheckedConfiguration.all(NodeFixture.both, settings, node.storage), settings)
        #expect(plain.keys.isEmpty && plain.unknown.isEmpty)
    }

    @Test func `it is sealed once, and again when content, recipients or the object change`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        let first = try #require(try await seal("20261130020000").sealed)
        #expect(try await seal("20261130020001").sealed == first)

        try node.write("keys/own", "another key\n")
        let second = try #require(try await seal("20261130020002").sealed)
        #expect(second.run.digits == "20261130020002")

        let other = try RecoveryKey.create(cluster: "demo")
        let third = try #require(
            try await seal("20261130020003", to: [key.certificate, other.certificate]).sealed)
        #expect(third.run.digits == "20261130020003" && third.recipients.count == 2)

        try await client.delete([third.key])
        let fourth = try #require(
            try await seal("20261130020004", to: [key.certificate, other.certificate]).sealed)
        #expect(fourth.run.digits == "20261130020004")
        // Somebody else's, as long as its own.
        let own = try await client.get(fourth.key, limit: 1 << 20).bytes
        _ = try await client.put(fourth.key, Array(own.dropLast()) + [own[own.count - 1] ^ 1])
        let fifth = try #require(
            try await seal("20261130020005", to: [key.certificate, other.certificate]).sealed)
        #expect(fifth.run.digits == "20261130020005")
        // What older dumps need is still there.
        #expect(try await client.head(first.key) != nil)
    }

    @Test func `what another attempt of the same run finds changed goes beside what the first one sealed`()
        async throws
    {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        let first = try #require(try await seal("20261130020000").sealed)
        let before = try await client.get(first.key, limit: 1 << 20).bytes
        try node.write("keys/own", "changed between two attempts\n")
        let second = try #require(try await seal("20261130020000").sealed)
        #expect(second.version?.text == "20261130020000.2" && second.supersedes == nil, "\(second)")
        try node.write("keys/own", "and once more\n")
        // The memory of what was sealed is lost: the names in the bucket tell.
        try FileSystem.remove("\(settings.stateDirectory)/secrets.json")
        let third = try #require(try await seal("20261130020000").sealed)
        #expect(third.version?.text == "20261130020000.3")
        #expect(try await seal("20261130020001").sealed?.version == third.version)
        #expect(try await client.get(first.key, limit: 1 << 20).bytes == before)
        for (record, content) in [
            (first, "the key of an own program\n"), (second, "changed between two attempts\n"),
            (third, "and once more\n"),
        ] {
            let bundle = try await opened(record)
            try bundle.requireRun(of: record.key)
            let own = bundle.bundle.files.first { $0.path == node.path("keys/own") }
            #expect(own.map { String(decoding: $0.content, as: UTF8.self) } == content)
        }
    }

    @Test func `a version says which older ones it stands for, as long as no key has changed`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        let first = try #require(try await seal("20261130020000").sealed)
        try node.write("agent.json", "{ }\n")
        let second = try #require(try await seal("20261130020001").sealed)
        #expect(second.supersedes == [try #require(first.version)])
        try node.write("agent.json", "{  }\n")
        let third = try #require(try await seal("20261130020002").sealed)
        #expect(third.supersedes == [try #require(first.version), try #require(second.version)])
        #expect(try await opened(third).bundle.manifest.keysSince == first.version)
        try node.write("keys/own", "another key\n")
        let fourth = try #require(try await seal("20261130020003").sealed)
        #expect(fourth.supersedes == nil)
        #expect(try await opened(fourth).bundle.manifest.keysSince == nil)
        // A key that is there no more is only in the old ones.
        try FileSystem.remove(node.path("keys/own"))
        #expect(try await seal("20261130020004").sealed?.supersedes == nil)
    }

    @Test func `it names the cluster by its id, and is sealed anew once there is one`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        let first = try #require(try await seal("20261130020000").sealed)
        let second = try #require(try await seal("20261130020001", clusterID: "abc").sealed)
        #expect(second.version?.run.digits == "20261130020001" && second.supersedes?.count == 1)
        #expect(try await seal("20261130020002", clusterID: "abc").sealed?.version == second.version)
        let owner = try PeerName(cluster: "demo", role: .node("node01"))
        let authorities = try AuthorityBundle(contentsOf: settings.tls.authority)
        func check(_ record: SealedRecord, _ id: String?) async throws {
            try SealedExpectation(owner: owner, authorities: authorities, clusterID: id)
                .check(try await opened(record), at: record.key)
        }
        try await check(second, "abc")
        try await check(first, "abc")
        await #expect(throws: SealedBundleError.ofAnotherCluster(found: "abc", expected: "xyz")) {
            try await check(second, "xyz")
        }
    }

    @Test func `credentials that stand in no file are named, and those in one are not`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        let configurations = try await CheckedConfiguration.all(NodeFixture.both, settings, node.storage)
        func file(_ text: String) -> SealedFile {
            SealedFile(
                path: "/etc/amfleet/s3", kind: .credentials, mode: 0o600, user: "root", group: "root",
                userID: 0,
                groupID: 0, content: Array(text.utf8))
        }
        func origin(_ files: [SealedFile]) -> UnsealedCredentials? {
            UnsealedCredentials.origin(configurations.filter { $0.changer?.secretKey == nil }, files)
        }
        #expect(origin([file("[default]\naws_access_key_id = A\naws_secret_access_key = B\n")]) == nil)
        #expect(origin([file("[default]\ncredential_process = /bin/x\n")]) == .program)
        #expect(origin([]) != nil && origin([]) != .program)
        // A role that is asked for with keys of the same files, in as many steps as there are.
        let keys = "aws_access_key_id = A\naws_secret_access_key = B\n"
        let role = "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = "
        #expect(origin([file("\(role)base\n[base]\n\(keys)")]) == nil)
        #expect(origin([file("\(role)default\n\(keys)")]) == nil)
        #expect(
            origin([file("\(role)two\n[two]\nrole_arn = r\nsource_profile = base\n[base]\n\(keys)")]) == nil)
        #expect(origin([file("\(role)two\n[two]\nrole_arn = r\nsource_profile = default\n")]) != nil)
        #expect(origin([file("[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n")]) != nil)
        for (name, expected) in [
            ("AWS_ACCESS_KEY_ID", CredentialChain.Surrounding.environment),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", .webIdentity),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", .container), ("HOME", .instance),
        ] {
            #expect(CredentialChain.surrounding(environment: [name: "x"]) == expected)
            #expect(CredentialChain.surrounding(environment: [name: ""]) == .instance)
        }
    }

    /// They lie in the self-backup, which a machine that has nothing could only read with them.
    @Test func `keys that stand in amanda.conf alone are sealed for the restore, and put nowhere`()
        async throws
    {
        let keys = [("S3_ACCESS_KEY", "AKIDNODE"), ("S3_SECRET_KEY", "not-to-be-told")]
        for name in ["self", "data"] {
            try node.configure(
                name, disks: [node.data], dumptypeLines: ["record no"],
                properties: keys.map { (name: $0.0, value: $0.1) })
        }
        var bare = settings
        bare.storage.credentialsFile = node.path("none")
        let configurations = try await CheckedConfiguration.all(NodeFixture.both, bare, node.storage)
        func reading(_ configurations: [CheckedConfiguration]) -> SecretReading {
            SecretReading(SecretInventory(configurations, bare), configurations, bare)
        }
        let credentials = reading(configurations).files.filter { $0.kind == .credentials }
        #expect(credentials.count == 1)
        let sealed = try #require(credentials.first)
        let found = try #require(RestoreSecrets.credentials([sealed]))
        #expect(found.accessKeyID == "AKIDNODE" && found.secretAccessKey.plaintext == "not-to-be-told")
        // A run of one configuration seals the same.
        for one in configurations {
            #expect(reading([one]).files.filter { $0.kind == .credentials } == credentials)
        }
        let places = SecretPlaces(bare, dumpusers: [], accepted: [])
        guard case .leftOut(let reason) = places.decide(sealed) else {
            Issue.record("it is put back")
            return
        }
        #expect(reason.contains("amanda.conf has these keys"))
        // Where a file of credentials has keys, that is what is sealed.
        let file = SecretReading(SecretInventory(configurations, settings), configurations, settings)
        #expect(
            file.files.filter { $0.kind == .credentials }.map(\.path) == [settings.storage.credentialsFile])
    }

    /// Each configuration has a user of its own at the store; the self-backup's reads the self-backup.
    @Test func `a run without the self-backup does not take its keys for changed`() async throws {
        for name in ["self", "data"] {
            try node.configure(
                name, disks: [node.data], dumptypeLines: ["record no"],
                properties: [("S3_ACCESS_KEY", "AKID-\(name)"), ("S3_SECRET_KEY", "of-\(name)")])
        }
        var bare = settings
        bare.storage.credentialsFile = node.path("none")
        let both = try await CheckedConfiguration.all(NodeFixture.both, bare, node.storage)
        let dataAlone = both.filter { $0.choice.role != .selfBackup }
        func files(_ configurations: [CheckedConfiguration]) -> [SealedFile] {
            SecretReading(SecretInventory(configurations, bare), configurations, bare).files
        }
        let key = String(repeating: "0", count: 64)
        let memory = SealingMemory(
            fingerprintKey: key,
            sealed: SealedRecord(
                run: try #require(RunName("20261127010000")), key: "k", byteCount: 1, sha256: "s",
                recipients: [],
                files: files(both).map {
                    SealedFileRecord(
                        path: $0.path, kind: $0.kind, byteCount: Int64($0.content.count),
                        fingerprint: $0.fingerprint(key: key))
                }),
            files: files(both))
        #expect(files(both) != files(dataAlone))
        #expect(memory.changes(files(both), seenBy: both, bare) == [])
        #expect(memory.changes(files(dataAlone), seenBy: dataAlone, bare) == [])
        #expect(
            memory.changes(files(dataAlone), seenBy: both, bare) == [ChangerCredentials(settings: bare).path])
    }

    @Test func `a memory that cannot be written costs nothing but one more sealing`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        try FileSystem.removeTree(settings.stateDirectory)
        let first = try #require(try await seal("20261130020000").sealed)
        #expect(first.missing == nil && first.run.digits == "20261130020000", "\(first)")
        #expect(try await seal("20261130020001").sealed?.run.digits == "20261130020001")
    }

    @Test func `a key that is not there is a fault of the run, and the rest is sealed`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"/no/such/key\""])
        let record = try #require(try await seal("20261130020000").sealed)
        #expect(record.missing?.first?.message.contains("'/no/such/key' is not there") == true, "\(record)")
        #expect(record.files.contains { $0.path == node.path("agent.json") })
    }

    @Test func `an own program without the property is a note of its configuration`() async throws {
        try configure(Self.own)
        let outcome = try await seal("20261130020000")
        #expect(outcome.sealed?.missing == nil)
        #expect(
            outcome.notes.map(\.configuration) == ["data"]
                && outcome.notes.first?.text.contains(
                    "nobody knows which keys '/usr/local/bin/mycrypt' reads") == true
        )
    }

    @Test func `what must not be written does not end the run, and is named`() async throws {
        try configure(Self.own + ["property \"AMFLEET-SECRETS\" \"\(node.path("keys/own"))\""])
        var missing = settings
        missing.tls.privateKey = "/no/such.key"
        let configurations = try await CheckedConfiguration.all(NodeFixture.both, settings, node.storage)
        let outcome = try await SecretSealing(
            settings: missing,
            request: try node.request(
                "20261130020000", .backup(BackupOrder(configurations: NodeFixture.both))),
            recovery: RecoveryOrder([key.certificate].compactMap(\.self)), client: client, logger: .silent
        ).seal(configurations)
        #expect(
            outcome.sealed?.missing?.first?.message.contains("the node's secrets are not sealed") == true)
    }
}

/// Waiting for what a coordinator sends.
@Suite struct SentSecretsTests {
    private let file = SealedFile(
        path: "/k", kind: .encryption, mode: 0o600, user: "", group: "", userID: 0, groupID: 0, content: [1])

    @Test func `what comes before or while a job waits reaches it`() async throws {
        let sent = SentSecrets()
        let order = SecretsOrder(files: [file])
        sent.keep(order, of: "one")
        #expect(try await sent.order(of: "one") == order)
        async let waiting = sent.order(of: "two", limit: .seconds(60))
        try await Task.sleep(for: .milliseconds(50))
        sent.keep(order, of: "two")
        #expect(try await waiting == order)
        sent.forget("two")
        #expect(try await sent.order(of: "two", limit: .milliseconds(20)) == nil)
    }
}
