// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import S3
import TestSupport
import Testing

@testable import Coordinator

/// A manifest that cannot be read, or is another run's, in a real bucket.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3))) struct DamagedManifestTests {
    @Test(arguments: [true, false])
    func `a run whose manifest does not count is restored where it is named, and else not passed over`(
        isForeign: Bool
    ) async throws {
        let many = try await ManyRuns(runs: 3, nodes: 1)
        let newest = try #require(many.runs.last)
        let keys = many.direct.layout
        let foreign = try await many.direct.client.get(keys.manifest(many.runs[0]), limit: 1 << 20).bytes
        _ = try await many.direct.client.put(
            keys.manifest(newest), isForeign ? foreign : Array("{ \"format\": 1, ".utf8))
        let wish = try RestoreWish(selection: Selection(many.cluster.file))
        let error = await #expect(throws: WireError.self) {
            try await RestoreSource.choose(many.cluster, wish)
        }
        #expect(error?.kind == .damaged && error?.hint?.contains("--run \(newest)") == true)
        var named = wish
        named.run = newest
        let source = try await RestoreSource.choose(many.cluster, named)
        #expect(source.run == newest && source.nodes == many.nodes && source.left.isEmpty)
        #expect(source.remarks.first?.contains("each node looks what it has of the run") == true)
        await many.end()
    }
}

/// Which machines get whose data, and of which run.
@Suite struct RestoreWishTests {
    private let nodes = ["node01", "node02", "node11"]

    private func refusal(_ arguments: [String], onto chosen: [String]? = nil) -> String {
        do {
            _ = try NodeMap(arguments, onto: chosen ?? nodes, of: nodes)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `without a word each machine gets its own node's data`() throws {
        let map = try NodeMap([], onto: nodes, of: nodes)
        #expect(nodes.map { map.source(of: $0) } == nodes && map == .none)
    }

    @Test func `data go to the machine that they are mapped to, and all others get their own`() throws {
        let map = try NodeMap(["gone=node11", "node01=node02", "node02=node01"], onto: nodes, of: nodes)
        #expect(nodes.map { map.source(of: $0) } == ["node02", "node01", "gone"])
        #expect(try NodeMap(["node01=node01"], onto: nodes, of: nodes) == .none)
    }

    @Test(arguments: [
        (["node01"], "must be 'old=new'"), (["a=b=c"], "must be 'old=new'"), (["=node11"], "the old name"),
        (["NODE=node11"], "the old name"), (["_amfleet=node11"], "reserved"),
        (["a=node12"], "no node 'node12'"),
        (["a=node11", "b=node11"], "the data of two nodes"), (["a=node11", "a=node02"], "to two machines"),
        (["node01=node11"], "'node01' itself is restored with them too"),
    ])
    func `what is not one to one is refused before anybody is asked`(arguments: [String], text: String) {
        #expect(refusal(arguments).contains(text), "\(refusal(arguments))")
    }

    @Test func `a machine that is left out gets nothing, and the old name may be one`() {
        #expect(refusal(["gone=node11"], onto: ["node01"]).contains("left out by --node"))
        #expect(refusal(["node01=node11"], onto: ["node02", "node11"]) == "")
    }

    @Test func `a name of which the run has nothing is told with those that it has`() throws {
        let map = try NodeMap(["gnoe=node11"], onto: nodes, of: nodes)
        #expect(throws: CoordinatorError.self) { try map.requireKnown(["gone", "node01"], of: Sample.run) }
        #expect(throws: Never.self) { try map.requireKnown(["gnoe"], of: Sample.run) }
    }

    @Test func `a time is this machine's, a run's name, or one with a zone`() throws {
        func moment(_ text: String) throws -> RunMoment { try RunMoment(argument: text) }
        let name = try #require(RunName("20261130020000"))
        for text in ["2026-11-30 02:00:00", "2026-11-30T02:00:00", "20261130020000"] {
            #expect(try moment(text) == .name(name))
        }
        #expect(try moment("2026-11-30 02:00") == .name(#require(RunName("20261130020059"))))
        let instant = RunMoment.instant(Date(timeIntervalSince1970: 1_796_004_000))
        for text in ["2026-11-30T02:00:00Z", "2026-11-30 03:00:00+01:00", "2026-11-29T21:00:00-0500"] {
            #expect(try moment(text) == instant)
        }
    }

    @Test(arguments: [
        "", "yesterday", "2026-11-30", "2026-11-30 25:00", "2026-13-30 02:00", "2026-11-30 02:00:",
        "2026-11-30 02:00 UTC",
        "2026-11-30T02:00+99:00", "2026-11-30T02:00:0x", "٢٠٢٦-11-30 02:00", "2026-11-30T02:00+1",
    ])
    func `anything else is no time`(text: String) {
        #expect(throws: CoordinatorError.self) { try RunMoment(argument: text) }
    }

    @Test func `a run holds a moment when it had begun by then, whatever its coordinator's clock showed`()
        throws
    {
        func manifest(_ run: String, begun: Double) throws -> RunManifest {
            RunManifest(
                cluster: "demo", run: try #require(RunName(run)), fence: 0, coordinator: "c",
                startedAt: Date(timeIntervalSince1970: begun), configurations: [], nodes: [])
        }
        let instant = try RunMoment(argument: "2026-11-30T02:00:00Z")
        // Begun at 01:00 UTC, in a zone that is twelve hours ahead, and an hour too late in one that is far behind.
        #expect(instant.holds(try manifest("20261130130000", begun: 1_796_000_400)))
        #expect(!instant.holds(try manifest("20261129150000", begun: 1_796_007_600)))
        #expect(instant.mayHold(try #require(RunName("20261130130000"))))
        #expect(!instant.mayHold(try #require(RunName("20261202130000"))))
        let local = try RunMoment(argument: "2026-11-30 02:00")
        #expect(local.holds(try manifest("20261130020000", begun: 0)))
        // The night's run, which cron has begun at two.
        #expect(local.holds(try manifest("20261130020003", begun: 0)))
        #expect(!local.holds(try manifest("20261130020100", begun: 0)))
        let exact = try RunMoment(argument: "2026-11-30 02:00:00")
        #expect(!exact.holds(try manifest("20261130020001", begun: 0)))
    }

    private func job(
        _ id: String, _ state: JobState, kind: JobKind = .restore, at time: Double = 0
    ) -> JobSnapshot {
        JobSnapshot(
            id: id, run: Sample.run, kind: kind, attempt: 2, state: state,
            startedAt: Date(timeIntervalSince1970: time))
    }

    private func order(_ directory: String? = nil) -> RestoreOrder {
        RestoreOrder(sourceNode: "", configurations: [.init(name: "data", role: .data)], directory: directory)
    }

    @Test func `the same restore is known by its jobs, whoever made them`() throws {
        let mine = try RestoreTakeUp(Sample.run, order())
        let id = mine.id("node01", number: 1)
        let now = Date(timeIntervalSince1970: 60)
        func found(_ jobs: [JobSnapshot]) throws -> RestoreTakeUp {
            try RestoreTakeUp(Sample.run, order()).saying(["node01": jobs], now: now)
        }
        #expect(try found([job(id, .running)]).running == ["node01": id])
        #expect(try found([job(id, .running)]).running(on: "node01")?.attempt == 2)
        #expect(try found([job(id, .failed)]).isGoingOn && found([job(id, .failed)]).running.isEmpty)
        #expect(try !found([job(id, .succeeded)]).isGoingOn)
        // The newest counts.
        #expect(try !found([job(id, .succeeded), job(mine.id("node01", number: 2), .failed)]).isGoingOn)
        #expect(try !found([job(id, .failed, at: -4 * 86_400)]).isGoingOn)
        #expect(try !found([job(id, .failed, kind: .restorePlan)]).isGoingOn)
        #expect(try !found([job(mine.id("node02", number: 1), .running)]).isGoingOn)
        let other = try RestoreTakeUp(Sample.run, order("/elsewhere"))
        #expect(try !found([job(other.id("node01", number: 1), .running)]).isGoingOn)
    }

    /// The job's end comes between the two questions: it is as little in the way as while it ran, and its data are no obstacle.
    @Test func `what ended while it was looked for is gone on with`() throws {
        let mine = try RestoreTakeUp(Sample.run, order())
        let id = mine.id("node01", number: 1)
        let now = Date(timeIntervalSince1970: 60)
        let (done, failed) = ([job(id, .succeeded)], [job(id, .failed)])
        let ended = mine.saying(["node01": done], seen: ["node01": id], now: now)
        #expect(ended.running == ["node01": id] && ended.running(on: "node01")?.id == id && ended.isGoingOn)
        let broken = mine.saying(["node01": failed], seen: ["node01": id], now: now)
        #expect(broken.running == ["node01": id] && broken.running(on: "node01") == nil && broken.isGoingOn)
        let other = mine.saying(["node01": done], seen: ["node01": "restore-of-somebody-else"], now: now)
        #expect(other.running.isEmpty && !other.isGoingOn)
    }

    @Test func `a restore of another node's data is not the same one`() throws {
        func takeUp(_ sources: [String: String]) throws -> RestoreTakeUp {
            try RestoreTakeUp(Sample.run, order(), sources: sources)
        }
        let now = Date(timeIntervalSince1970: 60)
        let own = try takeUp([:])
        let (moved, other) = (try takeUp(["node11": "node01"]), try takeUp(["node11": "node02"]))
        for (running, asked) in [(own, moved), (moved, own), (moved, other), (other, moved)] {
            let jobs = ["node11": [job(running.id("node11", number: 1), .running)]]
            #expect(asked.saying(jobs, now: now).running.isEmpty)
            #expect(running.saying(jobs, now: now).running.count == 1)
        }
        // What is not moved is the same with and without a map.
        let jobs = ["node02": [job(own.id("node02", number: 1), .running)]]
        #expect(moved.saying(jobs, now: now).running.count == 1)
    }

    @Test func `sealed secrets that cannot be opened are a part of the plan, as they are of the restore`()
        throws
    {
        var snapshot = job("rplan", .succeeded, kind: .restorePlan)
        snapshot.restorePlan = NodeRestorePlan(node: "node11", sourceNode: "node01", run: Sample.run)
        let result = FleetJobs.Result(
            endings: [NodeEnding(node: "node11", attempt: 2, snapshot: snapshot)], isCancelled: false)
        var source = RestoreSource(run: Sample.run, configurations: [], nodes: ["node11"], left: [])
        source.map = try NodeMap(["node01=node11"], onto: ["node11"], of: ["node11"])
        func ending(_ faults: [String: WireError]) -> CommandEnding {
            RestorePlanReport(
                run: Sample.run, asked: ["node11"], result, source, OpenedSecrets(faults: faults)
            ).ending
        }
        let fault = WireError(.damaged, node: "node01", "its sealed secrets: damaged")
        #expect(ending([:]) == .complete)
        #expect(ending(["node01": fault]) != .complete)
        // Of a node whose data nobody asked for.
        #expect(ending(["node11": fault]) == .complete)
    }

    @Test func `only a lease that ran out over the same run's restore leaves one behind`() throws {
        func lease(_ verb: String?, _ run: RunName?) -> Lease {
            var lease = Lease(
                cluster: "demo", holder: "root@old, pid 1", verb: verb ?? "restore", run: run, fence: 1,
                acquiredAt: .distantPast, expiresAt: .distantPast)
            lease.verb = verb
            return lease
        }
        let other = try #require(RunName("20200101000000"))
        #expect(lease("restore", Sample.run).isOfRestore(Sample.run))
        #expect(!lease("restore", other).isOfRestore(Sample.run))
        #expect(!lease("backup", Sample.run).isOfRestore(Sample.run))
        #expect(!lease(nil, nil).isOfRestore(Sample.run))
    }

    @Test func `ids of jobs fit, however long a node is called`() throws {
        let name = String(repeating: "n", count: 63)
        let id = try RestoreTakeUp(Sample.run, order()).id(name, number: .max)
        #expect(JobRequest.isUsable(id: id), "\(id.utf8.count)")
    }
}
