// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import Logging
import S3
import TestSupport
import Testing

@testable import Coordinator

/// How many requests the commands make of three years of nights and a hundred nodes; over plain http a listing comes twice.
@Suite(.serialized, .enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(9)))
struct RequestCountTests {
    @Test func `list, status and restore of 1,000 runs of 100 nodes`() async throws {
        let many = try await ManyRuns(runs: 1_000, nodes: 100)
        let newest = try #require(many.runs.last)

        let (list, listed) = try await many.requests {
            try await RunListing(many.cluster, ListOptions())
        }
        #expect(listed.count < 50, "\(listed.count): \(listed)")
        #expect(list.rows.count == 20 && list.rows.first?.run == newest && list.isCut)
        #expect(list.rows.prefix(7).allSatisfy { $0.state == .complete && $0.levels == [0] })
        #expect(list.rows.dropFirst(7).allSatisfy { $0.state == .overwritten })
        #expect(list.lines.contains("as recorded; 'amfleet show RUN' looks at a run's volumes"))

        let (status, asked) = try await many.requests { try await StatusCommand(many.cluster).run() }
        let objects = 2 * 2 * 100
        #expect(asked.count <= 2 * objects + 10 * 100, "\(asked.count)")
        #expect(status.newestSet?.run == newest && status.newestSet?.restorableNodes == 100)
        let labels = many.labels(asked)
        #expect(labels.values.allSatisfy { $0 == 1 }, "\(labels.filter { $0.value > 1 })")

        let (source, chosen) = try await many.requests {
            try await RestoreSource.choose(
                many.cluster, RestoreWish(selection: Selection(many.cluster.file)))
        }
        #expect(chosen.count <= 3 * 100 + 50, "\(chosen.count)")
        #expect(source.run == newest && source.nodes == many.nodes)
        await many.end()
    }

    @Test func `restore passes newer runs over by a label each, and where none is left names the newest`()
        async throws
    {
        let many = try await ManyRuns(runs: 60, nodes: 12, slots: 4)
        // Somebody has taken the volumes of every night on the last node.
        let gone = try #require(many.nodes.last)
        for index in 0..<4 {
            let keys = ObjectKeys(slotPrefix: "demo/\(gone)/vertica/slot-0\(index)")
            let header = VolumeHeader(datestamp: Sample.name("20270101000000"), label: "vertica-99")
            _ = try await many.direct.client.put(keys.volumeLabel, header.bytes)
        }
        for index in many.runs.indices.suffix(4) { try await many.storeRecords(index) }
        let newest = try #require(many.runs.last)
        let before = many.proxy.requests.count
        let error = await #expect(throws: CoordinatorError.self) {
            try await RestoreSource.choose(
                many.cluster, RestoreWish(selection: Selection(many.cluster.file)))
        }
        guard case .noRestorableRun(let reason)? = error else {
            Issue.record("\(error.map { "\($0)" } ?? "nothing")")
            return
        }
        #expect(reason.contains("\(newest) on \(gone)"), "\(reason)")
        #expect(many.told.contains("57 more are passed over"), "\(many.told)")
        // A manifest a run; then the four that are not recorded as overwritten: a record and two labels a node.
        let count = many.proxy.requests.count - before
        #expect(count <= 60 + 4 * 3 * 12 + 60, "\(count)")
        await many.end()
    }

    @Test
    func `status looks no further back for a node that is new, nor for self-backups that are overwritten`()
        async throws
    {
        let many = try await ManyRuns(runs: 100, nodes: 3)
        let (_, usual) = try await many.requests { try await StatusCommand(many.cluster).run() }
        var file = many.cluster.file
        let address = try #require(AgentAddress("127.0.0.1:2"))
        file.settings.nodes.append(.init(name: "new", address: address))
        let grown = try Cluster(
            file, console: Console { _ in }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (report, asked) = try await many.requests { try await StatusCommand(grown).run() }
        await grown.close()
        // The search for the set that is kept goes on to its end for it.
        #expect(asked.count <= usual.count + 10 + ProtectionSearch.depth, "\(asked.count), \(usual.count)")
        #expect(
            report.findings.contains {
                $0.node == "new" && $0.what.contains("was found in the newest 20 runs")
            })

        // Each self-backup that is left is no good: an older one is looked for, where there can be one.
        for index in many.runs.indices.suffix(7) {
            for node in many.nodes {
                var record = many.record(node, many.runs[index], slot: index)
                record.configurations[1].dumps[0].status = .failed
                _ = try await many.direct.client.put(
                    many.direct.layout.nodeRecord(many.runs[index], node: node), WireJSON.document(record))
            }
        }
        let (_, searched) = try await many.requests { try await StatusCommand(many.cluster).run() }
        let records = searched.filter { $0.contains("/nodes/") }
        #expect(records.count <= 3 * (7 * 3 + ProtectionSearch.depth), "\(records.count)")
        await many.end()
    }

    @Test func `what pinned runs keep stands in their manifests, one request each`() async throws {
        let many = try await ManyRuns(runs: 24, nodes: 12)
        let pinned = many.runs.prefix(20)
        for (index, run) in pinned.enumerated() {
            var manifest = many.manifest(run, slot: index)
            manifest.pin = RunPin(since: Sample.time, by: "me")
            _ = try await many.direct.client.put(
                many.direct.layout.manifest(run), WireJSON.document(manifest))
        }
        _ = try await many.direct.write(PinIndex(runs: pinned.reversed()), many.direct.layout.pins, .none)
        let (found, asked) = try await many.requests {
            var protection = ClusterProtection()
            try await PinnedRuns(bucket: many.cluster.bucket, nodes: many.nodes).add(to: &protection)
            return protection
        }
        #expect(asked.count <= 1 + 20, "\(asked.count): \(asked)")
        #expect(found.arePinsKnown && found.pinned == pinned.reversed())
        // The same as the records say, which nobody has stored.
        let kept = found.order(for: "node1").runs.first { $0.run == pinned.first }
        #expect(kept?.volumes == many.record("node1", pinned[0], slot: 0).protectedVolumes)
        #expect(kept?.volumes?.isEmpty == false)
        await many.end()
    }

    @Test func `a label is asked for once, however many ask at the same time`() async throws {
        let many = try await ManyRuns(runs: 3, nodes: 1)
        let record = many.record("node1", many.runs[2], slot: 2)
        let volumes = many.cluster.volumeJudge()
        let (_, asked) = try await many.requests {
            await withTaskGroup(of: Restorability.self) { group in
                for _ in 0..<32 { group.addTask { await volumes.restorabilityInBucket(of: record) } }
                for await outlook in group { #expect(outlook == .restorable) }
            }
        }
        #expect(many.labels(asked).values.sorted() == [1, 1], "\(asked)")
        await many.end()
    }
}

extension ManyRuns {
    /// How often each label was asked for.
    fileprivate func labels(_ requests: [String]) -> [String: Int] {
        requests.filter { $0.contains("special-tapestart") }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}
