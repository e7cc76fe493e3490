// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import S3
import TestSupport
import Testing

@testable import Agent

/// A configuration whose changer names a store of its own, beside the cluster's.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(4)))
struct OwnStoreTests {
    private static let keys = LocalS3Server.Identity(
        name: "own", accessKey: "ownkey", secretKey: "ownsecret",
        actions: ["Admin", "Read", "Write", "List", "Tagging"])

    @Test
    func `its volumes lie there, are found by an empty machine, and the evidence lies with the cluster's`()
        async throws
    {
        let own = try await LocalS3Server.start(identities: [Self.keys])
        let fixture = try await NodeFixture(server: LocalS3Server.shared())
        try fixture.write("data/file", String(repeating: "a line\n", count: 10_000))
        let properties = [
            (name: "S3_HOST", value: "127.0.0.1:\(own.port)"), ("S3_SSL", "no"), ("CREATE_BUCKET", "yes"),
            ("S3_ACCESS_KEY", "ownkey"), ("S3_SECRET_KEY", "ownsecret"), ("MAX_SEND_SPEED", "10 mb"),
        ]
        try fixture.configure(
            "data", disks: [fixture.data], place: "archive/node01/data", properties: properties)

        let plan = try await fixture.backUp("20261123030600", dryRun: true)
        #expect(plan.error?.message.contains("no bucket 'archive'") == true)
        let backup = try await fixture.backUp("20261123030601")
        #expect(backup.state == .succeeded, "\(backup)")
        let record = try #require(try await fixture.record("20261123030601"))
        let data = try #require(record.configurations.first)
        let store = StoreRecord(
            endpoint: "http://127.0.0.1:\(own.port)", region: "us-east-1", addressing: .path)
        #expect(data.volumes.map(\.store) == [store])
        #expect(data.volumes.map(\.bucket) == ["archive"])
        #expect(data.notes.contains { $0.contains("keeps its volumes at http://127.0.0.1:\(own.port)") })
        #expect(record.configurations.last?.volumes.map(\.store) == [nil])

        let planned = try await fixture.backUp("20261123030602", dryRun: true)
        #expect(planned.state == .succeeded, "\(planned)")

        try FileSystem.removeTree(fixture.path("etc"))
        try FileSystem.writeAtomically(
            "\(fixture.state.path)/s3-credentials",
            Array(
                "[default]\naws_access_key_id = testkey\naws_secret_access_key = testsecret\n".utf8))
        // A record alone leads nowhere: the amanda.conf that the self-backup brings does.
        let aside = try await fixture.restore("20261123030601", to: fixture.path("restored"))
        #expect(aside.error?.message.contains("nobody looks elsewhere") == true, "\(aside)")
        #expect(!FileSystem.exists(fixture.path("restored")))
        try FileSystem.removeTree(fixture.data)
        let restored = try await fixture.restore("20261123030601")
        #expect(restored.state == .succeeded, "\(restored)")
        #expect(try fixture.read("data/file") == String(repeating: "a line\n", count: 10_000))
        let then = try await fixture.restore("20261123030601", to: fixture.path("restored"))
        #expect(then.state == .succeeded, "the hint: \(then)")
        await own.stop()
    }

    @Test func `a storage that is written no more is still read in its own store`() async throws {
        let own = try await LocalS3Server.start(identities: [Self.keys])
        let fixture = try await NodeFixture(server: LocalS3Server.shared())
        try fixture.write("data/file", "a line\n")
        let properties: [(name: String, value: String)] = [
            ("S3_HOST", "127.0.0.1:\(own.port)"), ("S3_SSL", "no"), ("CREATE_BUCKET", "yes"),
            ("S3_ACCESS_KEY", "ownkey"), ("S3_SECRET_KEY", "ownsecret"),
        ]
        func configure(
            _ place: String?, _ properties: [(name: String, value: String)], _ definitions: [String] = []
        ) throws {
            try fixture.configure(
                "data", disks: [fixture.data], place: place, tapecycle: 1, dumpcycle: 7,
                dumptypeLines: ["record yes", "bumpsize 1 kb", "bumpdays 1"],
                globalLines: ["runspercycle 7"], definitions: definitions, properties: properties)
        }
        try configure("archive/node01/data", properties)
        var runs: [String] = []
        #expect(try await fixture.backUpNow(&runs).map(\.level) == [0])

        let lines = properties.map { "device-property \"\($0.name)\" \"\($0.value)\"" }
        let changer = [
            "tpchanger \"chg-multi:s3:archive/node01/data/slot-{1..3}\"", "changerfile \"former\"",
        ]
        try configure(
            nil, [],
            [
                "define changer former {\n\((changer + lines).joined(separator: "\n"))\n}",
                "define storage former {\n tpchanger \"former\"\n}",
            ])
        try fixture.write("data/more", "a line\n")
        let increment = try #require(try await fixture.backUpNow(&runs).first)
        #expect(increment.level == 1, "\(increment)")
        #expect(
            increment.bases?.flatMap(\.volumes).map(\.store?.endpoint) == ["http://127.0.0.1:\(own.port)"])
        #expect(try await fixture.record(runs[1])?.configurations[0].volumes.map(\.store) == [nil])

        let data = [NodeFixture.both[0]]
        for out in ["out", "again"] {
            let done = try await fixture.restore(runs[1], to: fixture.path(out), configurations: data)
            #expect(done.state == .succeeded, "\(out): \(String(describing: done.error))")
            #expect(try tree("\(fixture.path(out))/node01/data\(fixture.data)") == tree(fixture.data))
            let run = try #require(RunName(runs[1]))
            try await fixture.client.delete(BucketLayout(fixture.storage).nodeRecord(run, node: "node01"))
        }
        await own.stop()
    }

    @Test func `one that is away fails its own configuration, and no other`() async throws {
        let fixture = try await NodeFixture(server: LocalS3Server.shared())
        try fixture.write("data/file", "a line\n")
        try fixture.configure(
            "data", disks: [fixture.data], place: "archive/node01/data",
            properties: [("S3_HOST", "127.0.0.1:\(FreePort.find())"), ("S3_SSL", "no")])
        let backup = try await fixture.backUp("20261123030600", outageSeconds: 1)
        #expect(backup.error?.kind == .storageUnreachable, "\(backup)")
        let record = try #require(try await fixture.record("20261123030600"))
        #expect(record.configurations.map(\.isComplete) == [false, true])
    }
}
