// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files
import TestSupport
import Testing

@testable import Agent
@testable import S3

/// What becomes of a backup when the store, or somebody, gets in its way.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct NodeFailureTests {
    private let proxy: FaultyProxy
    private let fixture: NodeFixture

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        try fixture.write("data/a.txt", "first")
    }

    private func reservations() throws -> Int {
        let loaded = try ConfigurationDirectory(root: fixture.settings.amandaDirectory, name: "data").load()
        let path = try #require(loaded.location.changerStateFile)
        return try ChangerStateFile(path, location: loaded.location).read().reservations.count
    }

    @Test func `a cancelled backup aborts its upload, gives the slot back and says so`() async throws {
        let (fixture, proxy) = (fixture, proxy)
        proxy.inject(.delay(.seconds(100)), method: "PUT", target: "partNumber")
        let request = try fixture.request(
            "20261123030600", .backup(BackupOrder(configurations: NodeFixture.both)))
        let table = try fixture.table()
        try await withRunner(table, fixture.work) {
            _ = try await table.accept(request)
            while !proxy.requests.contains(where: { $0.contains("partNumber") }) {
                try await Task.sleep(for: .milliseconds(10))
            }
            _ = try await table.cancel(request.id)
            let ended = try await wait(for: request.id, in: table, until: .final)
            #expect(ended.state == .cancelled)
            #expect(ended.record?.configurations.first?.volumes.map(\.label) == ["data-01"])
        }
        #expect(proxy.requests.contains { $0.hasPrefix("DELETE") && $0.contains("uploadId") })
        #expect(try FileSystem.list("\(fixture.settings.stateDirectory)/uploads").isEmpty)
        #expect(try reservations() == 0)
    }

    @Test
    func `what is refused to one configuration fails it at once, names what to allow, and ends no other`()
        async throws
    {
        proxy.inject(
            .error(status: 403, code: "AccessDenied"), method: "PUT",
            target: "node01/data/slot-1special-tapestart",
            times: 99)
        let failed = try await fixture.backUp("20261123030600")
        #expect(failed.state == .failed)
        #expect(failed.error?.kind == .storageRefused)
        #expect(failed.error?.message.hasPrefix("data: S3 refused PutObject") == true)
        #expect(failed.error?.hint?.contains("s3:PutObject") == true)
        #expect(failed.record?.configurations.map(\.isComplete) == [false, true], "\(failed)")
        #expect(try await fixture.record("20261123030600")?.configurations.count == 2)
        #expect(try reservations() == 0)
    }

    @Test(
        .long,
        arguments: [
            (404, "NoSuchBucket"), (403, "AccessDenied"), (403, "SignatureDoesNotMatch"), (401, ""),
        ])
    func `a record that is refused for some seconds is taken`(status: Int, code: String) async throws {
        // The first record of the job is tried twice, the last one again after each pause.
        proxy.inject(
            .error(status: status, code: code), method: "PUT", target: "nodes/node01.json", times: 4)
        let done = try await fixture.backUp("20261123030600", outageSeconds: 5)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try await fixture.record("20261123030600")?.configurations.count == 2)
    }

    @Test func `a store that stays away fails the job after the time that the job allows`() async throws {
        proxy.refuse()
        let failed = try await fixture.backUp("20261123030600", outageSeconds: 1)
        #expect(failed.state == .failed)
        #expect(failed.error?.kind == .storageUnreachable)
        #expect(failed.error?.hint?.hasPrefix("check storage.endpoint") == true)
    }

    /// Of the whole bucket, by keys that begin with the cluster's prefix.
    private func openUploads() async throws -> [String] {
        let answer = try await fixture.client.openUploads(under: "demo/")
        return answer.map(\.key)
    }

    @Test func `uploads that were begun without our learning it are aborted by the end of the run`()
        async throws
    {
        proxy.inject(.cutAnswer(after: 0), method: "POST", target: "?uploads", times: 2)
        let done = try await fixture.backUp("20261123030600")
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try await openUploads().isEmpty)
        let notes = try #require(done.record?.configurations).flatMap(\.notes)
        #expect(!notes.contains { $0.contains("upload") }, "\(notes)")
    }

    @Test func `a store that lists no uploads is a remark, and no failure`() async throws {
        proxy.inject(.cutAnswer(after: 0), method: "POST", target: "?uploads")
        proxy.inject(.error(status: 403, code: "AccessDenied"), method: "GET", target: "uploads=", times: 9)
        let request = try fixture.request(
            "20261123030600", .backup(BackupOrder(configurations: NodeFixture.both)))
        let (node, table) = (fixture, try fixture.table())
        try await withRunner(table, node.work) {
            _ = try await table.accept(try await node.work.check(request))
            _ = try await wait(for: request.id, in: table, until: .final)
            // The journal goes after the job's end was told, and not where the agent ends as well.
            while try !FileSystem.list("\(node.settings.stateDirectory)/uploads").isEmpty {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let done = try await table.snapshot(of: request.id)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let notes = try #require(done.record?.configurations).flatMap(\.notes)
        let told = notes.filter { $0.contains("stayed open cannot be looked up") }
        #expect(told.count == 1, "\(notes)")
        #expect(told.first?.contains("ListMultipartUploads") == true, "\(told)")
    }

    @Test func `an agent that died before it knew its upload finds it by its key`() async throws {
        let request = try fixture.request(
            "20261123030600", .backup(BackupOrder(configurations: NodeFixture.both)))
        let uploads = OwnUploads(stateDirectory: fixture.settings.stateDirectory, request: request)
        let key = "demo/node01/data/slot-1f00000001-mp.data"
        _ = try await fixture.client.head("nothing")
        try await uploads.openJournal().add(
            UploadIntent(
                bucket: fixture.storage.bucket, key: key, since: fixture.client.storeTime))
        _ = try await fixture.client.createMultipartUpload(key)
        let foreign = try await fixture.client.createMultipartUpload("\(key)-foreign")
        let table = try fixture.table()
        let snapshot = try await table.accept(request)
        try fixture.store().save(StoredJob(request: request, snapshot: snapshot))

        let fixture = fixture
        try await withRunner(try fixture.table(), fixture.work) {
            while try !FileSystem.list("\(fixture.settings.stateDirectory)/uploads").isEmpty {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        #expect(try await openUploads() == [foreign.key])
    }

    @Test func `what an agent left behind when it died is aborted, and nobody else's`() async throws {
        let request = try fixture.request(
            "20261123030600", .backup(BackupOrder(configurations: NodeFixture.both)))
        let own = try await fixture.client.createMultipartUpload("demo/node01/data/slot-1f00000001-mp.data")
        let foreign = try await fixture.client.createMultipartUpload(
            "demo/node01/data/slot-2f00000001-mp.data")
        let uploads = OwnUploads(stateDirectory: fixture.settings.stateDirectory, request: request)
        try await uploads.openJournal().add(own)
        let table = try fixture.table()
        let snapshot = try await table.accept(request)
        try fixture.store().save(StoredJob(request: request, snapshot: snapshot))

        let restarted = try fixture.table()
        let fixture = fixture
        try await withRunner(restarted, fixture.work) {
            while try !FileSystem.list("\(fixture.settings.stateDirectory)/uploads").isEmpty {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        #expect(try await restarted.snapshot(of: request.id).state == .interrupted)
        let block = ByteBlock(capacity: 16)
        block.count = 16
        await #expect(throws: S3Error.self) {
            _ = try await fixture.client.uploadPart(own, number: 1, block)
        }
        _ = try await fixture.client.uploadPart(foreign, number: 1, block)
    }
}
