// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Agent

/// The store goes away in the middle of a run, and comes back.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(9)))
struct OutageTests {
    private static let outageSeconds = 4

    private func fixture(_ proxy: FaultyProxy, isHolding: Bool) async throws -> NodeFixture {
        let fixture = try await NodeFixture(server: .shared(), endpoint: proxy.endpoint)
        let holding = fixture.path("holding")
        try FileSystem.makeDirectories(holding, mode: 0o700)
        let definition = "holdingdisk hd {\n directory \"\(holding)\"\n use -1 Mb\n chunksize 8 Mb\n}"
        try fixture.configure(
            "data", disks: [fixture.data, fixture.path("more")], slots: "{1..9}", tapecycle: 8, dumpcycle: 7,
            dumptypeLines: ["record yes", "bumpsize 1 kb", "maxpromoteday 0"],
            globalLines: ["runspercycle 7", "autoflush yes"], definitions: isHolding ? [definition] : [])
        if isHolding {
            try fixture.configure(
                "self", disks: [fixture.path("etc")], globalLines: ["autoflush yes"],
                definitions: [definition])
        }
        try FileSystem.makeDirectories(fixture.data, mode: 0o755)
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<(20 << 17)).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
        try FileSystem.writeAtomically("\(fixture.data)/large", bytes)
        try fixture.write("more/a.txt", "small\n")
        return fixture
    }

    /// Starts a backup, takes the store away once a part of the data has passed, and waits for its end.
    private func interrupted(_ fixture: NodeFixture, _ proxy: FaultyProxy) async throws -> JobSnapshot {
        proxy.setRate(bytesPerSecond: 4 << 20)
        defer { proxy.setRate(bytesPerSecond: nil) }
        async let done = fixture.backUp(run(0), outageSeconds: Self.outageSeconds)
        while !proxy.requests.contains(where: { $0.contains("partNumber=2") }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        proxy.refuse()
        proxy.cutAll()
        return try await done
    }

    private func run(_ number: Int64) throws -> String {
        try #require(
            Datestamp(localTimeOf: Int64(Date().timeIntervalSince1970) + number)?.description)
    }

    @Test func `a flush that is begun again when all was sent is no failure, another one is`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.configure("data", disks: [fixture.data])
        func flush(attempt: Int) async throws -> JobSnapshot {
            let order = JobOrder.flush(FlushOrder(configurations: NodeFixture.both))
            return try await fixture.run(fixture.request("20261123030600", attempt: attempt, order))
        }
        let first = try await flush(attempt: 1)
        #expect(first.error?.message.hasPrefix("no dump is held on this node for 'data'") == true)
        let again = try await flush(attempt: 2)
        #expect(again.state == .succeeded, "\(String(describing: again.error))")
        #expect(again.flush?.configurations.first?.notes == ["an earlier attempt has sent what was held"])
    }

    @Test(.long) func `with a holding disk the run is held, and the next one sends it`() async throws {
        let proxy = try FaultyProxy(to: try await LocalS3Server.shared().port)
        let fixture = try await fixture(proxy, isHolding: true)
        let held = try await interrupted(fixture, proxy)
        let record = try #require(held.record)
        #expect(held.state == .succeeded, "\(String(describing: held.error))")
        let part = record.configurations[0]
        #expect(part.dumps.map(\.status) == [.held, .ok], "\(part.notes) \(String(describing: part.error))")
        let chunks = try #require(record.configurations[0].dumps[0].held).chunks
        #expect(record.configurations[1].dumps.map(\.status) == [.held])
        #expect(chunks.count == 3 && chunks.allSatisfy { FileSystem.exists($0.path) }, "\(chunks)")

        try proxy.accept()
        let next = try await fixture.backUp(run(1))
        #expect(next.state == .succeeded, "\(String(describing: next.error))")
        #expect(chunks.allSatisfy { !FileSystem.exists($0.path) })
        let notes = try #require(next.record).configurations[0].notes
        #expect(notes.count { $0.contains("was sent to volume") } == 1, "\(notes)")
        // The held dump was sent before the plan was made: it is the full dump that an increment builds on.
        #expect(next.record?.configurations[0].dumps.map(\.level) == [1, 1])
        let base = try #require(next.record?.configurations[0].dumps[0].bases?.first)
        #expect(base.run == record.run && base.writtenRun == next.run && !base.parts.isEmpty, "\(base)")
        let uploads = "\(fixture.settings.stateDirectory)/uploads"
        let left = try FileSystem.list(uploads).filter { $0.contains(record.run.digits) }
        #expect(left.isEmpty, "what the outage left open is aborted: \(left)")
        let first = try #require(try await fixture.record(record.run.digits))
        #expect(first.configurations[0].dumps.allSatisfy { $0.status == .ok && !$0.parts.isEmpty })
        let loaded = try ConfigurationDirectory(root: fixture.settings.amandaDirectory, name: "data").load()
        let dumps = try CatalogReader(loaded.location).dumps().filter(\.isWhole)
        #expect(dumps.map(\.name.level).sorted() == [0, 0, 1, 1])
    }

    @Test(.long) func `an increment of a night without a store comes back once it is sent`() async throws {
        let proxy = try FaultyProxy(to: try await LocalS3Server.shared().port)
        let fixture = try await fixture(proxy, isHolding: true)
        var runs: [String] = []
        #expect(try await fixture.backUpNow(&runs).map(\.level) == [0, 0])
        proxy.refuse()
        try fixture.write("more/new", "second\n")
        let night = try run(1)
        let held = try await fixture.backUp(night, outageSeconds: Self.outageSeconds)
        let dumps = try #require(held.record).configurations[0].dumps
        #expect(dumps.map(\.status) == [.held, .held] && dumps.map(\.level) == [1, 1], "\(dumps)")
        let more = try tree(fixture.path("more"))

        try proxy.accept()
        try fixture.write("more/late", "third\n")
        let next = try await fixture.backUp(run(2))
        #expect(next.state == .succeeded, "\(String(describing: next.error))")
        let record = try #require(try await fixture.record(night))
        let sent = record.configurations[0].dumps
        #expect(sent.map(\.status) == [.ok, .ok])
        #expect(sent.map { $0.bases?.map(\.run.digits) } == [[runs[0]], [runs[0]]])
        try FileSystem.rename(fixture.path("etc"), to: fixture.path("etc-gone"))
        let back = try await fixture.restore(
            night, to: fixture.path("out"), configurations: [NodeFixture.both[0]])
        #expect(back.state == .succeeded, "\(String(describing: back.error))")
        let restored = try tree("\(fixture.path("out"))/node01/data\(fixture.path("more"))")
        #expect(restored == more)
    }

    @Test func `what one with a holding disk gave up is not lost to one without`() async throws {
        let proxy = try FaultyProxy(to: try await LocalS3Server.shared().port)
        let fixture = try await NodeFixture(server: .shared(), endpoint: proxy.endpoint)
        try FileSystem.makeDirectories(fixture.path("holding"), mode: 0o700)
        try fixture.configure(
            "data", disks: [fixture.data],
            definitions: ["holdingdisk hd {\n directory \"\(fixture.path("holding"))\"\n use -1 Mb\n}"])
        try fixture.write("data/a.txt", "small\n")
        for target in ["/data/slot", "data%2Fslot"] {
            proxy.inject(
                .error(status: 503, code: "SlowDown"), target: target, times: .max)
        }
        var request = try fixture.request(run(0), .backup(BackupOrder(configurations: NodeFixture.both)))
        request.holdAfterSeconds = 1
        let done = try await fixture.run(request)
        let record = try #require(done.record)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(record.configurations.map(\.name) == ["data", "self"])
        #expect(record.configurations.map { $0.dumps.map(\.status) } == [[.held], [.ok]])
    }

    /// Both were told so while they were planned; the second one's turn comes later.
    @Test func `a store that is back costs the next one nothing`() async throws {
        let proxy = try FaultyProxy(to: try await LocalS3Server.shared().port)
        let fixture = try await NodeFixture(server: .shared(), endpoint: proxy.endpoint)
        try fixture.configure("data", disks: [fixture.data])
        try fixture.write("data/a.txt", "small\n")
        for target in ["/data/slot", "data%2Fslot"] {
            proxy.inject(.error(status: 503, code: "SlowDown"), target: target, times: .max)
        }
        let done = try await fixture.backUp(run(0), outageSeconds: 1)
        let record = try #require(done.record)
        #expect(done.state == .failed && done.error?.kind == .storageUnreachable)
        #expect(record.configurations.map(\.name) == ["data", "self"])
        #expect(record.configurations[1].dumps.map(\.status) == [.ok], "\(record.configurations[1])")
    }

    @Test func `without one it waits to its deadline, and fails with the reason`() async throws {
        let proxy = try FaultyProxy(to: try await LocalS3Server.shared().port)
        let fixture = try await fixture(proxy, isHolding: false)
        let start = ContinuousClock.now
        let failed = try await interrupted(fixture, proxy)
        #expect(ContinuousClock.now - start >= .seconds(Self.outageSeconds))
        #expect(failed.state == .failed)
        #expect(failed.error?.kind == .storageUnreachable, "\(String(describing: failed.error))")
        try proxy.accept()
        let next = try await fixture.backUp(run(1))
        #expect(next.state == .succeeded, "\(String(describing: next.error))")
    }
}
