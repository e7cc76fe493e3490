// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import S3
import TestSupport
import Testing

@testable import Agent

/// Somebody may write to the bucket: what its records say decides neither where a restore writes nor where it asks.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct ForgedRecordTests {
    private static let data = [ConfigurationChoice(name: "data", role: .data)]

    private let node: NodeFixture
    private let other: String
    private let elsewhere: String

    init() async throws {
        node = try await NodeFixture(server: .shared())
        other = node.path("other")
        elsewhere = node.path("LIVE")
        try node.configure("data", disks: [node.data, other])
        try node.write("data/file", "data")
        try node.write("other/file", "other")
    }

    /// A run whose record was changed after it.
    private func forged(_ change: (inout ConfigurationRecord) -> Void) async throws -> String {
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        var record = try #require(try await node.record(runs[0]))
        change(&record.configurations[0])
        try await NodeRecordStore(client: node.client, layout: BucketLayout(node.storage)).write(record)
        return runs[0]
    }

    @Test(arguments: [false, true])
    func `a device that differs from the disklist's is refused for its disk, on an empty machine too`(
        isEmpty: Bool
    ) async throws {
        let run = try await forged { $0.dumps[0].device = elsewhere }
        for path in [node.data, other] + (isEmpty ? [node.path("etc")] : []) {
            try FileSystem.removeTree(path)
        }
        let done = try await node.restore(
            run, configurations: isEmpty ? NodeFixture.both.reversed() : Self.data)
        #expect(done.state == .failed)
        let refused = try #require(done.restore?.disks.first { $0.disk == node.data })
        #expect(
            refused.error?.message.contains(
                "is '\(node.data)' on this node, and the run's record says '\(elsewhere)'") == true, "\(done)"
        )
        #expect(!FileSystem.exists(elsewhere) && !FileSystem.exists(node.data))
        #expect(try node.read("other/file") == "other")
        let aside = try await node.restore(run, to: node.path("out"), configurations: Self.data)
        #expect(aside.state == .succeeded, "the hint: \(String(describing: aside.error))")
    }

    @Test func `a path with dots stays beneath the directory that is given`() async throws {
        let run = try await forged { $0.dumps[0].device = "/../../../../..\(elsewhere)" }
        let done = try await node.restore(run, to: node.path("out"), configurations: Self.data)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try node.read("out/node01/data\(elsewhere)/file") == "data")
        #expect(!FileSystem.exists(elsewhere))
    }

    @Test func `a disk that the disklist does not name goes nowhere in place`() async throws {
        let run = try await forged { _ in }
        try node.configure("data", disks: [other])
        let done = try await node.restore(run, configurations: Self.data)
        #expect(done.restore == nil || done.state == .failed)
        try FileSystem.removeTree(other)
        try FileSystem.removeTree(node.data)
        let again = try await node.restore(run, configurations: Self.data)
        #expect(
            again.restore?.disks.map { $0.error?.message ?? "" }.sorted() == [
                "",
                "the disklist of 'data' on this node names no 'localhost \(node.data)': in place goes only what it names",
            ])
        #expect(!FileSystem.exists(node.data))
        #expect(try node.read("other/file") == "other")
    }

    @Test func `without its configuration data goes in place only with the self-backup`() async throws {
        let run = try await forged { _ in }
        for path in [node.data, other, node.path("etc")] { try FileSystem.removeTree(path) }
        let alone = try await node.restore(run, configurations: Self.data)
        #expect(alone.state == .failed && !FileSystem.exists(node.data))
        #expect(alone.error?.hint?.contains("restore the self-backup too") == true, "\(alone)")
        let both = try await node.restore(run)
        #expect(both.state == .succeeded, "\(String(describing: both.error))")
        #expect(try node.read("data/file") == "data")
    }

    @Test(arguments: [false, true])
    func `an endpoint of a record gets no request, on an empty machine too`(isEmpty: Bool) async throws {
        let listener = try FaultyProxy(to: try await LocalS3Server.shared().port)
        let run = try await forged { configuration in
            let store = StoreRecord(endpoint: listener.endpoint, region: "us-east-1", addressing: .path)
            for index in configuration.volumes.indices { configuration.volumes[index].store = store }
        }
        if isEmpty { try FileSystem.removeTree(node.path("etc")) }
        let done = try await node.restore(run, to: node.path("out"), configurations: Self.data)
        #expect(done.error?.message.contains("nobody looks elsewhere") == true, "\(done)")
        for path in [node.data, other] { try FileSystem.removeTree(path) }
        let inPlace = try await node.restore(run, overwrite: true)
        #expect(inPlace.state == .failed, "\(inPlace)")
        #expect(listener.connectionCount == 0)
        #expect(!FileSystem.exists(node.data))
    }

    @Test func `another bucket and a directory of the node lead nowhere`() async throws {
        let run = try await forged { $0.volumes[0].bucket = "stolen" }
        let bucket = try await node.restore(run, to: node.path("out"), configurations: Self.data)
        #expect(bucket.error?.message.contains("does not lead to 's3:stolen/") == true, "\(bucket)")
        var record = try #require(try await node.record(run))
        record.configurations[0].volumes[0] = VolumeRecord(
            label: record.configurations[0].volumes[0].label, directory: node.path("etc"))
        try await NodeRecordStore(client: node.client, layout: BucketLayout(node.storage)).write(record)
        let directory = try await node.restore(run, to: node.path("out"), configurations: Self.data)
        #expect(
            directory.error?.message.contains("does not lead to 'file:\(node.path("etc"))'") == true,
            "\(directory)")
        #expect(!FileSystem.exists(node.path("out")))
    }

    @Test(
        arguments: [
            ("amgtar:gnutar_path=/usr/bin/tar\n", nil, false, true),
            ("# only words\n", nil, false, true),
            ("amgtar:gnutar_path=/tmp/evil\n", nil, false, false),
            ("amgtar:gnutar_path=/tmp/evil\n", nil, true, true),
            ("amgtar:gnutar_path=/usr/bin/tar\nrunbackup:x=/tmp/evil\n", nil, false, false),
            ("amgtar:gnutar_path=/usr/bin/tar\n", "amgtar:gnutar_path=/opt/tar\n", false, false),
            ("amgtar:gnutar_path=/usr/bin/tar\n", "# the package's\n", false, true),
        ] as [(String, String?, Bool, Bool)])
    func `the bucket's security file decides nothing by itself`(
        text: String, own: String?, accepts: Bool, isTaken: Bool
    ) async throws {
        try node.write("etc/amanda-security.conf", text)
        let run = try await forged { _ in }
        for path in [node.data, other, node.path("etc")] { try FileSystem.removeTree(path) }
        if let own { try node.write("etc/amanda-security.conf", own) }
        var order = RestoreOrder(sourceNode: "node01", configurations: NodeFixture.both.reversed())
        if accepts { order.acceptsSecurityFile = true }
        var request = try node.request(run, .restore(order))
        request.id += "-again"
        let done = try await node.run(request)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let path = "etc/amanda-security.conf"
        let found = FileSystem.exists(node.path(path)) ? try node.read(path) : nil
        #expect(found == (isTaken ? text : own))
        let isNamed = done.restore?.disks.contains {
            $0.notes.contains { $0.contains("--accept-security-file") }
        }
        #expect(isNamed == !isTaken)
        #expect(try node.read("data/file") == "data")
    }
}
