// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Agent

/// Volumes that move to the archive after a run, and restores from there. The store is real; a proxy gives the answers
/// that only an archive gives.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(4)))
struct GlacierTests {
    private let proxy: FaultyProxy
    private let fixture: NodeFixture

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        try fixture.write("data/file", String(repeating: "a line\n", count: 1000))
    }

    private func configure(_ properties: [(name: String, value: String)]) throws {
        try fixture.configure("data", disks: [fixture.data], properties: properties)
    }

    private func tapelistLines() throws -> [Substring] {
        try fixture.read("etc/amanda/data/tapelist").split(separator: "\n")
    }

    @Test func `a complete run's volume is not used again, and a rule moves its files`() async throws {
        try configure([("TRANSITION-TO-GLACIER", "0")])
        let day = Date(
            timeIntervalSince1970: (Date().timeIntervalSince1970 / 86_400).rounded(.down) * 86_400 + 86_400)
        let date = "\(day.formatted(.iso8601.year().month().day()))T00:00:00.000Z"
        let rule = """
            <LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>data-01</ID>\
            <Prefix>demo/node01/data/slot-1f</Prefix><Status>Enabled</Status><Transition><Date>\(date)</Date>\
            <StorageClass>GLACIER</StorageClass></Transition></Rule></LifecycleConfiguration>
            """
        proxy.inject(
            .error(status: 404, code: "NoSuchLifecycleConfiguration"), method: "GET", target: "?lifecycle=",
            times: 2)
        proxy.inject(.answer(status: 200), method: "PUT", target: "?lifecycle=")
        // Over plain http it counts when it has come twice.
        proxy.inject(.answer(status: 200, body: rule), method: "GET", target: "?lifecycle=", times: 2)
        let backup = try await fixture.backUp("20261123030600")
        #expect(backup.state == .succeeded, "\(backup)")
        #expect(
            proxy.requests.filter { $0.hasSuffix("?lifecycle=") }.map { $0.prefix(3) } == [
                "GET", "GET", "PUT", "GET", "GET",
            ])
        #expect(try tapelistLines().first?.contains("data-01 no-reuse") == true)
        let notes = try #require(try await fixture.record("20261123030600")).configurations[0].notes
        #expect(
            notes.contains {
                $0.hasSuffix("volume 'data-01' is no-reuse and moves to Glacier after midnight UTC")
            })
    }

    @Test func `a store without such rules is a remark, and the dumps count`() async throws {
        try configure([("TRANSITION-TO-GLACIER", "3")])
        proxy.inject(
            .error(status: 404, code: "NoSuchLifecycleConfiguration"), method: "GET", target: "?lifecycle=",
            times: 9)
        proxy.inject(.error(status: 501, code: "NotImplemented"), method: "PUT", target: "?lifecycle=")
        let backup = try await fixture.backUp("20261123030600")
        #expect(backup.state == .succeeded, "\(backup)")
        let notes = try #require(try await fixture.record("20261123030600")).configurations[0].notes
        #expect(
            notes.contains {
                $0.contains("volume 'data-01' does not move to Glacier: S3 refused PutBucketLifecycle")
            })
    }

    // A volume that is given free again.

    /// Three runs with two volumes that may be overwritten, the first of which moves to Glacier: the third run's turn is on
    /// the first volume again. `between` is what happens before that run.
    private func runs(
        _ configuration: LifecycleConfiguration, slots: String = "{1..2}", between: () throws -> Void = {}
    ) async throws -> (job: JobSnapshot, asked: [String]) {
        proxy.keep(configuration)
        func configure(_ properties: [(name: String, value: String)]) throws {
            try fixture.configure(
                "data", disks: [fixture.data], slots: slots, tapecycle: 1, properties: properties)
        }
        try configure([("TRANSITION-TO-GLACIER", "0")])
        #expect(try await fixture.backUp("20261123030600").state == .succeeded)
        try configure([])
        try fixture.write(
            "etc/amanda/data/tapelist",
            fixture.read("etc/amanda/data/tapelist").replacing(" no-reuse", with: " reuse"))
        #expect(try await fixture.backUp("20261124030600").state == .succeeded)
        try between()
        let seen = proxy.requests.count
        let job = try await fixture.backUp("20261125030600")
        return (job, proxy.requests.dropFirst(seen).filter { $0.hasSuffix("?lifecycle=") })
    }

    @Test func `its rule goes although the property has gone`() async throws {
        let configuration = LifecycleConfiguration()
        let (job, asked) = try await runs(configuration) {
            #expect(configuration.text?.contains("<Prefix>demo/node01/data/slot-1f</Prefix>") == true)
        }
        #expect(job.state == .succeeded, "\(job)")
        #expect(configuration.text == nil && asked.contains { $0.hasPrefix("DELETE") })
        #expect(try tapelistLines().first?.hasPrefix("20261125030600 data-01 reuse") == true)
    }

    @Test func `one whose rule cannot go is not written, another is`() async throws {
        let configuration = LifecycleConfiguration()
        let (job, _) = try await runs(configuration, slots: "{1..3}") {
            configuration.refuse("DELETE", with: LifecycleConfiguration.error(403, "AccessDenied"))
        }
        #expect(job.state == .succeeded, "\(job)")
        let record = try #require(try await fixture.record("20261125030600")).configurations[0]
        #expect(record.volumes.map(\.label) == ["data-03"])
        #expect(
            record.notes.contains {
                $0.hasPrefix("volume 'data-01' is not taken: a lifecycle rule of bucket ")
                    && $0.contains("s3:PutLifecycleConfiguration")
            }, "\(record.notes)")
        #expect(try tapelistLines().contains { $0.hasPrefix("20261123030600 data-01 reuse") })
    }

    @Test func `where there is no other the run fails and says why`() async throws {
        let configuration = LifecycleConfiguration()
        let (job, _) = try await runs(configuration) {
            configuration.refuse("GET", with: LifecycleConfiguration.error(403, "AccessDenied"))
        }
        #expect(job.state == .failed)
        let fault = try #require(job.record?.configurations[0].faults.first)
        #expect(
            fault.message.hasPrefix("volume 'data-01' is not taken: a lifecycle rule of bucket "), "\(fault)")
        #expect(try tapelistLines().contains { $0.hasPrefix("20261123030600 data-01 reuse") })
        #expect(configuration.text?.contains("slot-1f") == true)
    }

    @Test func `who never moved a volume is asked for nothing, and needs no permission`() async throws {
        let refusal = LifecycleConfiguration.error(403, "AccessDenied")
        let configuration = LifecycleConfiguration()
        for method in ["GET", "PUT", "DELETE"] { configuration.refuse(method, with: refusal) }
        proxy.keep(configuration)
        proxy.inject(.error(status: 403, code: "AccessDenied"), target: "/_amfleet/lifecycle-", times: 99)
        try fixture.configure("data", disks: [fixture.data], slots: "{1..2}", tapecycle: 1)
        for day in 23...25 {
            let run = "202611\(day)030600"
            #expect(try await fixture.backUp(run).state == .succeeded)
            let record = try #require(try await fixture.record(run)).configurations[0]
            #expect(!record.notes.contains { $0.contains("lifecycle") }, "\(record.notes)")
        }
        #expect(try tapelistLines().first?.hasPrefix("20261125030600 data-01 reuse") == true)
        #expect(!proxy.requests.contains { $0.hasSuffix("?lifecycle=") })
    }

    @Test func `files in the archive are a sign of a rule of stock Amanda's`() async throws {
        let configuration = LifecycleConfiguration()
        try fixture.configure("data", disks: [fixture.data], slots: "{1..2}", tapecycle: 1)
        for day in 23...24 { #expect(try await fixture.backUp("202611\(day)030600").state == .succeeded) }
        proxy.keep(configuration)
        configuration.refuse("GET", with: LifecycleConfiguration.error(403, "AccessDenied"))
        configuration.text = Self.rule(ofSlot: 2)
        let unknown = "whether a lifecycle rule moves what is written to volume 'data-01' is not known: "
        #expect(try await notes("20261125030600", archivedSlot: 1).contains { $0.hasPrefix(unknown) })
        #expect(configuration.text != nil)
        configuration.refuse("GET", with: nil)
        #expect(try await !notes("20261126030600", archivedSlot: 2).contains { $0.contains("lifecycle") })
        #expect(configuration.text == nil)
    }

    private static func rule(ofSlot number: Int) -> String {
        """
        <LifecycleConfiguration><Rule><ID>data-0\(number)</ID><Prefix>demo/node01/data/slot-\(number)f</Prefix>\
        <Status>Enabled</Status><Transition><Date>2026-11-24T00:00:00.000Z</Date>\
        <StorageClass>GLACIER</StorageClass></Transition></Rule></LifecycleConfiguration>
        """
    }

    /// Of a run that finds the slot's files in the archive.
    private func notes(_ run: String, archivedSlot number: Int) async throws -> [String] {
        let prefix = "demo/node01/data/slot-\(number)f"
        let listing = """
            <ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>\(prefix)00000001-mp.data</Key>\
            <Size>1</Size><StorageClass>GLACIER</StorageClass></Contents></ListBucketResult>
            """
        proxy.inject(
            .answer(status: 200, body: listing), method: "GET",
            target: "max-keys=1000&prefix=\(prefix.replacing("/", with: "%2F"))", times: 2)
        let job = try await fixture.backUp(run)
        #expect(job.state == .succeeded, "\(job)")
        return try #require(try await fixture.record(run)).configurations[0].notes
    }

    private static let object = "/data/slot-1f00000001-mp.data"

    private func head(_ restore: String?, byteCount: Int64 = 1000) -> ProxyFault {
        let lines =
            ["Content-Length: \(byteCount)", "x-amz-storage-class: GLACIER"]
            + (restore.map { ["x-amz-restore: \($0)"] } ?? [])
        return .answer("HTTP/1.1 200 OK\r\n" + lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    @Test func `a frozen dump is refused before anything is written`() async throws {
        #expect(try await fixture.backUp("20261123030600").state == .succeeded)
        proxy.inject(head(nil), method: "HEAD", target: Self.object, times: 9)
        let restored = try await fixture.restore("20261123030600", to: fixture.path("restored"))
        #expect(restored.state == .failed)
        #expect(
            restored.error?.message.contains("\(Self.object.dropFirst())' in bucket") == true, "\(restored)")
        #expect(restored.error?.hint?.contains("READ-FROM-GLACIER") == true)
        #expect(!proxy.requests.contains { $0.hasPrefix("POST") && $0.hasSuffix("?restore=") })
    }

    @Test func `with leave it is thawed and then restored, also without the configuration`() async throws {
        try configure([("READ-FROM-GLACIER", "yes")])
        let backup = try await fixture.backUp("20261123030600")
        let parts = try #require(backup.record?.configurations.first?.dumps.first).parts
        let byteCount = try #require(parts.first).byteCount
        try configure([])
        proxy.inject(head(nil, byteCount: byteCount), method: "HEAD", target: Self.object)
        let thawed = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2040 00:00:00 GMT\""
        proxy.inject(head(thawed, byteCount: byteCount), method: "HEAD", target: Self.object)
        proxy.inject(.answer(status: 202), method: "POST", target: "?restore=")
        let restored = try await fixture.restore("20261123030600", to: fixture.path("restored"))
        #expect(restored.state == .succeeded, "\(restored)")
        #expect(proxy.requests.filter { $0.hasPrefix("POST") && $0.hasSuffix("?restore=") }.count == 1)
        #expect(
            try fixture.read("restored/node01/data\(fixture.data)/file")
                == String(repeating: "a line\n", count: 1000))
    }

    @Test func `a thaw ends at its deadline, and an impossible one is refused before`() async throws {
        try configure([("READ-FROM-GLACIER", "yes")])
        #expect(try await fixture.backUp("20261123030600").state == .succeeded)
        await #expect(throws: WireError.self) {
            try await fixture.restore(
                "20261123030600", to: fixture.path("restored"), thaw: ThawOrder(days: 0))
        }
        proxy.inject(head(nil), method: "HEAD", target: Self.object, times: 99)
        proxy.inject(.answer(status: 202), method: "POST", target: "?restore=", times: 99)
        let restored = try await fixture.restore(
            "20261123030600", to: fixture.path("restored"),
            thaw: ThawOrder(tier: .bulk, days: 2, deadlineSeconds: 1))
        #expect(restored.state == .failed)
        #expect(restored.error?.message.contains("were still in the archive") == true, "\(restored)")
        #expect(!FileSystem.exists(fixture.path("restored")))
    }
}
