// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files
import Planning
import S3
import TestSupport
import Testing

@testable import Agent

/// What must never be overwritten.
@Suite(.timeLimit(.minutes(9)), .enabled(if: RequiredTools.areUsable("weed")))
struct VolumeProtectionTests {
    @Test func `runs that fail leave the only good dump alone, however many they are`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        try fixture.configure("data", disks: [fixture.data], slots: "{1..2}")
        let good = try await fixture.backUp("20261123030600")
        #expect(good.state == .succeeded, "\(String(describing: good.error))")
        try FileSystem.removeTree(fixture.data)
        for run in ["20261123030700", "20261123030800", "20261123030900"] {
            let failed = try await fixture.backUp(run)
            #expect(failed.state == .failed)
            #expect(failed.record?.configurations[0].volumes.map(\.label) == ["data-02"], "\(run)")
        }
        let data = ConfigurationChoice(name: "data", role: .data)
        var request = try fixture.request(
            "20261123030600",
            .restore(RestoreOrder(sourceNode: "node01", configurations: [data])))
        request.id = "restore"
        let restored = try await fixture.run(request)
        #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
        #expect(try fixture.read("data/a.txt") == "first")
        let next = try await fixture.backUp("20261123031000")
        #expect(next.state == .succeeded, "\(String(describing: next.error))")
        #expect(next.record?.configurations[0].volumes.map(\.label) == ["data-02"])
    }

    @Test func `a slot that somebody labelled after it was chosen is left alone`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        let order = BackupOrder(configurations: [ConfigurationChoice(name: "data", role: .data)])
        let request = try fixture.request("20261123030600", .backup(order))
        let prepared = try await fixture.checked(order.configurations[0]).usable()
        let run = request.run
        let taking = VolumeTaking(node: "node01", prepared: prepared, run: run) { _ in fixture.client }
        let choice = try await taking.choose()
        #expect(choice.kind == .new)
        let keys = ObjectKeys(slotPrefix: try #require(try await taking.device(of: choice).bucketPath).prefix)
        let other = VolumeHeader(datestamp: Datestamp("20261123030500"), label: "data-01")
        _ = try await fixture.client.put(keys.volumeLabel, other.bytes)
        _ = try await fixture.client.put(keys.header(file: 1), [1])
        let catalog = try RunCatalog(
            beginning: run, location: prepared.location, disks: [], hostName: "node01")
        let error = await #expect(throws: WireError.self) { _ = try await taking.take(choice, catalog) }
        #expect(error?.kind == .busy)
        try catalog.finish()
        #expect(try await fixture.client.get(keys.volumeLabel, limit: 100).bytes == other.bytes)
        #expect(try await fixture.client.head(keys.header(file: 1)) != nil)
    }

    /// The only slot holds the only backup; `autolabel` would let it be labelled.
    @Test(arguments: [
        ("non_amanda", ["Content-Type: text/html"], "<html>sign in</html>"),
        ("empty non_amanda volume_error", [], "sign in"),
        ("empty non_amanda volume_error", ["Content-Type: text/plain", "ETag: \"1\""], "sign in"),
    ])
    func `a volume is not overwritten because a page comes in its label's place`(
        autolabel: String, headers: [String], body: String
    ) async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        try fixture.write("data/a.txt", "first")
        try fixture.configure("data", disks: [fixture.data], slots: "{1..1}")
        let good = try await fixture.backUp("20261123030600")
        #expect(good.state == .succeeded, "\(String(describing: good.error))")
        let file = "etc/amanda/data/amanda.conf"
        try fixture.write(
            file,
            try fixture.read(file).replacing("\"data-%%\" empty", with: "\"data-%%\" \(autolabel)"))
        let key = ObjectKeys(slotPrefix: "demo/node01/data/slot-1").volumeLabel
        let label = try await fixture.client.get(key, limit: 1 << 20).bytes
        proxy.inject(
            .answer(status: 200, headers: headers, body: body), method: "GET", target: "special-tapestart",
            times: .max)
        let failed = try await fixture.backUp("20261123030700", outageSeconds: 2)
        #expect(failed.state == .failed)
        #expect("\(failed)".contains("slot-1: its label "), "\(failed)")
        proxy.clear()
        #expect(try await fixture.client.get(key, limit: 1 << 20).bytes == label)
    }

    @Test func `a volume is emptied page by page, a request a page, and nothing of another slot goes`()
        async throws
    {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        let volume = VolumeObjects(client: fixture.client, keys: ObjectKeys(slotPrefix: "demo/slot-1"))
        let blocks = (0..<2100).map { volume.keys.block(file: 2, number: UInt64($0)) }
        let others = [
            volume.keys.volumeLabel, volume.keys.header(file: 1), "demo/slot-1foreign",
            ObjectKeys(slotPrefix: "demo/slot-10").header(file: 1),
        ]
        _ = try await onEvery(blocks + others, width: 32) { try await fixture.client.put($0, [1]) }
        let found = try await volume.goOn()
        #expect(found.next == 2)
        #expect(found.usedByteCount == 1)
        #expect(try await fixture.client.list(prefix: "demo/slot-1").objects.map(\.key) == others.sorted())
        try await volume.deleteFiles()
        let left = try await fixture.client.list(prefix: "demo/slot-1").objects.map(\.key)
        #expect(left == others.filter { $0 != volume.keys.header(file: 1) }.sorted())
        let deletions = proxy.requests.filter { $0.hasPrefix("DELETE ") || $0.hasSuffix("?delete=") }
        #expect(deletions.count <= 4, "\(deletions.count) requests for 2,101 objects")
    }
}
