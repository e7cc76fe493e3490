// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Glibc
import HTTPTransport
import S3
import Secret
import TestSupport
import Testing

@testable import Agent

/// What the node says of volumes that only it can look at.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(9)))
struct RestorabilityTests {
    private static let run = "20261123030600"
    private static let keys = LocalS3Server.Identity(
        name: "own", accessKey: "ownkey", secretKey: "ownsecret",
        actions: ["Admin", "Read", "Write", "List", "Tagging"])

    private func ask(_ fixture: NodeFixture, files: Bool = true) async throws -> Restorability {
        let report = RestorabilityAnswer(
            settings: fixture.settings,
            storage: NodeStorage(settings: fixture.settings, transport: try HTTPTransport()))
        let place = StatusQuestion(storage: fixture.storage, configurations: NodeFixture.both)
        let run = try #require(RunName(Self.run))
        let answer = await report.restorability(answering: .init(place, run: run, provesFiles: files))
        #expect(answer.node == "node01" && answer.run == run)
        return answer.restorability
    }

    private func expectUnknown(_ found: Restorability, _ reason: String, _ line: Int = #line) {
        guard case .unknown(let text) = found, text.contains(reason) else {
            Issue.record("\(found), wanted \(reason), line \(line)")
            return
        }
    }

    private func backUp(_ fixture: NodeFixture) async throws -> ConfigurationRecord {
        try fixture.write("data/file", String(repeating: "a line\n", count: 1000))
        let done = try await fixture.backUp(Self.run)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        return try #require(try await fixture.record(Self.run)?.configurations.first)
    }

    private func configure(_ fixture: NodeFixture, port: Int, place: String = "archive/node01/data") throws {
        try fixture.configure(
            "data", disks: [fixture.data], place: place,
            properties: [
                (name: "S3_HOST", value: "127.0.0.1:\(port)"), ("S3_SSL", "no"), ("CREATE_BUCKET", "yes"),
                ("S3_ACCESS_KEY", "ownkey"), ("S3_SECRET_KEY", "ownsecret"),
            ])
    }

    @Test(.long) func `a store of its own: there, changed, missing, overwritten, away`() async throws {
        let own = try await LocalS3Server.start(identities: [Self.keys])
        let fixture = try await NodeFixture(server: .shared())
        try configure(fixture, port: own.port)
        let record = try await backUp(fixture)
        #expect(try await ask(fixture) == .restorable)

        let transport = try HTTPTransport()
        let keys = S3Credentials(
            accessKeyID: "ownkey", secretAccessKey: Secret("ownsecret"), origin: "the test")
        let client = S3Client(
            location: try S3Location(bucket: "archive", endpoint: "http://127.0.0.1:\(own.port)"),
            credentials: CredentialChain(
                credentialsFile: nil, deviceProperties: keys, transport: transport, environment: [:]),
            transport: transport)
        let (volume, part) = (try #require(record.volumes.first), try #require(record.dumps[0].parts.first))
        let what = "level 0 of '\(fixture.data)' of run \(Self.run), on volume '\(volume.label)'"
        let data = try #require(part.dataKey)
        _ = try await client.put(data, [1, 2])
        #expect(
            try await ask(fixture)
                == .damaged("\(what): '\(data)' has 2 bytes, the record says \(part.byteCount)"))
        #expect(try await ask(fixture, files: false) == .restorable)
        try await client.delete(data)
        #expect(try await ask(fixture) == .damaged("\(what): '\(data)' is not in the bucket"))

        let label = ObjectKeys(slotPrefix: volume.prefix).volumeLabel
        let newer = VolumeHeader(datestamp: Datestamp("20261124030600"), label: volume.label)
        _ = try await client.put(label, newer.bytes)
        #expect(
            try await ask(fixture, files: false)
                == .overwritten("volume '\(volume.label)' now holds run 20261124030600"))
        try await client.delete(label)
        #expect(
            try await ask(fixture)
                == .overwritten("volume '\(volume.label)' is gone from '\(volume.prefix)'"))
        await own.stop()
        expectUnknown(try await ask(fixture), "volume '\(volume.label)': ")
    }

    @Test func `a place that amanda.conf does not name is not looked at`() async throws {
        let own = try await LocalS3Server.start(identities: [Self.keys])
        let fixture = try await NodeFixture(server: .shared())
        try configure(fixture, port: own.port)
        let volume = try #require(try await backUp(fixture).volumes.first)
        try configure(fixture, port: own.port, place: "archive/node01/other")
        expectUnknown(try await ask(fixture), "amanda.conf of 'data' does not lead to '\(volume.place)'")
        try configure(fixture, port: own.port)
        #expect(try await ask(fixture) == .restorable)
        try await rename(fixture) { $0.store?.endpoint = "http://127.0.0.1:1" }
        expectUnknown(try await ask(fixture), "does not lead to '\(volume.place)'")
        try await rename(fixture) { $0 = VolumeRecord(label: $0.label, directory: fixture.path("etc")) }
        expectUnknown(try await ask(fixture), "does not lead to 'file:\(fixture.path("etc"))'")
        await own.stop()
    }

    /// As somebody who may write to the bucket could.
    private func rename(_ fixture: NodeFixture, _ change: (inout VolumeRecord) -> Void) async throws {
        var record = try #require(try await fixture.record(Self.run))
        change(&record.configurations[0].volumes[0])
        let store = NodeRecordStore(client: fixture.client, layout: BucketLayout(fixture.storage))
        try await store.write(record)
    }

    @Test func `a directory: there, cut, missing, overwritten, away`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        let disk = fixture.path("vtapes")
        try FileSystem.makeDirectories(disk)
        try fixture.configure(
            "data", disks: [fixture.data],
            changer: """
                tpchanger "chg-disk:\(disk)"
                property "num-slot" "3"
                property "auto-create-slot" "yes"
                """)
        let record = try await backUp(fixture)
        #expect(try await ask(fixture) == .restorable)
        let (volume, part) = (try #require(record.volumes.first), try #require(record.dumps[0].parts.first))
        let what = "level 0 of '\(fixture.data)' of run \(Self.run), on volume '\(volume.label)'"
        let whole = try FileSystem.readAll(part.headerKey)
        try FileSystem.writeAtomically(part.headerKey, Array(whole.dropLast(3)))
        #expect(
            try await ask(fixture)
                == .damaged(
                    "\(what): '\(part.headerKey)' has \(part.byteCount - 3) bytes, the record says \(part.byteCount)"
                ))
        try FileSystem.removeFile(Array(part.headerKey.utf8))
        #expect(try await ask(fixture) == .damaged("\(what): '\(disk)/slot1/1' is not there"))
        #expect(try await ask(fixture, files: false) == .restorable)

        let label = "\(disk)/slot1/00000.\(volume.label)"
        let newer = VolumeHeader(datestamp: Datestamp("20261124030600"), label: volume.label)
        try FileSystem.writeAtomically(label, newer.bytes)
        #expect(
            try await ask(fixture, files: false)
                == .overwritten("volume '\(volume.label)' now holds run 20261124030600"))
        try FileSystem.removeFile(Array(label.utf8))
        #expect(
            try await ask(fixture) == .overwritten("volume '\(volume.label)' is gone from '\(disk)/slot1'"))
        try FileSystem.removeTree(disk)
        expectUnknown(try await ask(fixture), "the directory '\(disk)' of 'chg-disk:\(disk)' does not exist")
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a key that is neither here nor sealed keeps a run from coming back`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        // Known by its name; what it reads its own text says.
        let (key, program) = (fixture.path("keys/pass"), fixture.path("bin/amcryptsimple"))
        try fixture.write("keys/pass", "a passphrase\n")
        try fixture.write("bin/amcryptsimple", "#!/bin/sh\nAM_PASS=\(key)\n[ -s $AM_PASS ] && exec cat\n")
        try fixture.run("chmod 711 .; mkdir -p gnutar-lists; chmod 755 bin/amcryptsimple")
        func configure(_ lines: [String]) throws {
            try fixture.configure(
                "data", disks: [fixture.data],
                dumptypeLines: ["record no", "encrypt server", "server_encrypt \"\(program)\""] + lines,
                globalLines: ["dumpuser \"backup\""])
            try fixture.run("chown -R backup: etc/amanda/data gnutar-lists")
        }
        try configure([])
        _ = try await backUp(fixture)
        #expect(try await ask(fixture) == .restorable)
        try FileSystem.remove(key)
        #expect(
            try await ask(fixture)
                == .refused("'\(key)' is not there, and '\(program)' decrypts nothing without it"))
        try configure(["property \"AMFLEET-SECRETS\" \"elsewhere\""])
        #expect(try await ask(fixture) == .restorable)
    }

    @Test func `another node's record in the place of its own is damage`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        _ = try await backUp(fixture)
        var record = try #require(try await fixture.record(Self.run))
        record.node = "node02"
        let key = BucketLayout(fixture.storage).nodeRecord(record.run, node: "node01")
        _ = try await fixture.client.put(key, WireJSON.document(record))
        #expect(
            try await ask(fixture)
                == .damaged("its record is that of run \(Self.run) of node 'node02'"))
    }

    @Test func `without its record the node knows nothing`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        #expect(
            try await ask(fixture)
                == .unknown("run \(Self.run) has no record of this node in the bucket"))
    }
}
