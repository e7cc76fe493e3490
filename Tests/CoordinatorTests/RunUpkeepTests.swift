// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Runs of which nothing is left become history, whatever comes between.
@Suite(.serialized, .enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct RunUpkeepTests {
    private func tidy(_ many: ManyRuns) async throws {
        let lease = try await many.cluster.takeLease(for: "backup", nil)
        await RunUpkeep(many.cluster, lease).tidy(before: Sample.name("20991231000000"), keeping: [])
        await lease.release()
    }

    private func history(_ many: ManyRuns) async throws -> [RunName] {
        try await HistoryReader(bucket: many.direct).newest(nil, since: nil).lines.map(\.run).sorted()
    }

    private func change(
        _ many: ManyRuns, _ run: RunName, _ change: (inout RunManifest) -> Void
    ) async throws {
        var manifest = try #require(try await many.direct.manifest(run)?.value)
        change(&manifest)
        _ = try await many.direct.write(manifest, many.direct.layout.manifest(run), .none)
    }

    @Test func `what is overwritten becomes a line and goes, what is pinned or there stays`() async throws {
        let many = try await ManyRuns(runs: 12, nodes: 3, slots: 4)
        try await many.storeRecords(1)
        try await change(many, many.runs[2]) { $0.pin = RunPin(since: Sample.time, by: "me") }
        try await change(many, many.runs[0]) { manifest in
            (manifest.verdict, manifest.flags) = (.failed, ["--node node1"])
            for index in manifest.nodes.indices {
                (manifest.nodes[index].state, manifest.nodes[index].volumes) = (.failed, nil)
                manifest.nodes[index].error = WireError(.agentLost, "gone")
            }
        }
        try await tidy(many)
        let gone = [0, 1, 3, 4, 5, 6, 7].map { many.runs[$0] }
        #expect(try await history(many) == gone)
        #expect(try await many.runsThere() == [2, 8, 9, 10, 11].map { many.runs[$0] })
        let left = try await many.direct.client.list(prefix: many.direct.layout.records(of: many.runs[1]))
        #expect(left.objects.isEmpty)
        #expect(many.told.contains("7 runs from \(many.runs[0]) on are history"), "\(many.told)")

        let shown = try await ShowCommand(many.cluster).run(many.runs[0])
        let text = shown.lines.joined(separator: "\n")
        #expect(text.contains("overwritten (it ended as failed)"), "\(text)")
        #expect(text.contains("with --node node1") && text.contains("me@here"), "\(text)")
        #expect(String(decoding: try shown.document(command: "show"), as: UTF8.self).contains("\"history\""))
        let all = try await RunListing(many.cluster, ListOptions(isAll: true))
        #expect(all.rows.map(\.run) == many.runs.reversed() && !all.isCut)
        #expect(all.rows.filter { $0.isHistory == true }.map(\.run) == gone.reversed())
        #expect(all.rows.last?.state == .overwritten && all.rows.last?.totalNodes == 3)
        let few = try await RunListing(many.cluster, ListOptions(limit: 6))
        #expect(few.rows.count == 6 && few.isCut)
        let since = try await RunListing(
            many.cluster, ListOptions(since: String(many.runs[9].digits.prefix(8))))
        #expect(since.rows.map(\.run) == many.runs.suffix(3).reversed())

        // Whoever names it is told.
        for run in [many.runs[1], many.runs[3]] {
            await #expect(throws: CoordinatorError.self) { try await RunChoice(many.cluster).manifest(run) }
            let source = try await RestoreSource.choose(
                many.cluster, RestoreWish(selection: Selection(many.cluster.file), run: run))
            #expect(source.nodes.isEmpty && source.left.count == 3)
            #expect(source.left[0].message.contains("was overwritten"), "\(source.left)")
        }
        await many.end()
    }

    @Test func `a run that was cut off between line and deletion goes the next time, with one line`()
        async throws
    {
        let many = try await ManyRuns(runs: 8, nodes: 2, slots: 4)
        try await many.storeRecords(0)
        for action in ["DELETE", "POST"] {
            many.proxy.inject(
                .error(status: 403, code: "AccessDenied"), method: action, target: "", times: 99)
        }
        try await tidy(many)
        // Nothing of it is gone, and the backup hears no more of it than a remark.
        #expect(try await many.runsThere() == many.runs)
        #expect(try await history(many) == Array(many.runs.prefix(4)))
        #expect(many.told.contains("records of runs that are overwritten stay"), "\(many.told)")
        #expect(many.told.contains("s3:DeleteObject"), "\(many.told)")
        let lines = try await HistoryReader(bucket: many.direct).year(String(many.runs[0].digits.prefix(4)))
        many.proxy.clear()
        // A manifest that is lost in between leaves records that nobody would look for.
        try await many.direct.client.delete([many.direct.layout.manifest(many.runs[0])])
        try await tidy(many)
        #expect(try await many.runsThere() == Array(many.runs.suffix(4)))
        let after = try await HistoryReader(bucket: many.direct).year(String(many.runs[0].digits.prefix(4)))
        #expect(after == lines)
        await many.end()
    }

    @Test func `where deleting is refused, the next backup looks at other runs all the same`() async throws {
        let many = try await ManyRuns(runs: 3 * RunUpkeep.width, nodes: 1, slots: 4)
        try await many.storeRecords(0)
        for action in ["DELETE", "POST"] {
            many.proxy.inject(
                .error(status: 403, code: "AccessDenied"), method: action, target: "", times: 999)
        }
        try await tidy(many)
        #expect(try await history(many) == Array(many.runs.prefix(RunUpkeep.width)))
        #expect(many.told.contains("records of runs that are overwritten stay"), "\(many.told)")
        try await tidy(many)
        #expect(try await history(many) == Array(many.runs.prefix(2 * RunUpkeep.width)))
        try await tidy(many)
        let all = Array(many.runs.dropLast(4))
        #expect(try await history(many) == all)

        // It is told once, and what the history has already costs no label for ever.
        #expect(many.told.components(separatedBy: "records of runs that are overwritten stay").count == 2)
        let (_, asked) = try await many.requests { try await tidy(many) }
        #expect(!asked.contains { $0.contains("special-tapestart") }, "\(asked)")
        #expect(asked.count { $0.hasPrefix("DELETE") || $0.hasPrefix("POST") } <= 2, "\(asked)")
        #expect(asked.count <= RunUpkeep.width + 30, "\(asked.count): \(asked)")

        // A damaged note of how far it came is none.
        _ = try await many.direct.client.put(many.direct.layout.historyProgress, Array("{".utf8))
        many.proxy.clear()
        for _ in 0..<3 { try await tidy(many) }
        #expect(try await many.runsThere() == Array(many.runs.suffix(4)))
        #expect(try await history(many) == all)
        let progress = try await many.direct.read(HistoryProgress.self, many.direct.layout.historyProgress)
        #expect(progress?.value.refusal == nil)
        await many.end()
    }

    @Test func `a label that cannot be read keeps its run, and one that bears it too`() async throws {
        let many = try await ManyRuns(runs: 6, nodes: 2, slots: 4)
        let keys = ObjectKeys(slotPrefix: "demo/node2/vertica/slot-00")
        _ = try await many.direct.client.put(keys.volumeLabel, Array("no label\n".utf8))
        let kept = ObjectKeys(slotPrefix: "demo/node1/amanda-server/slot-01")
        let header = VolumeHeader(datestamp: many.runs[1], label: "amanda-server-slot-01")
        _ = try await many.direct.client.put(kept.volumeLabel, header.bytes)
        try await tidy(many)
        #expect(try await history(many).isEmpty)
        #expect(try await many.runsThere() == many.runs)
        await many.end()
    }

    @Test func `runs of an older coordinator are judged by their records`() async throws {
        let many = try await ManyRuns(runs: 6, nodes: 2, slots: 4)
        for index in 0..<2 {
            try await change(many, many.runs[index]) { manifest in
                for node in manifest.nodes.indices { manifest.nodes[node].volumes = nil }
            }
        }
        try await many.storeRecords(0)
        try await tidy(many)
        // Of the second nobody knows where it lay.
        #expect(try await history(many) == [many.runs[0]])
        #expect(try await many.runsThere() == Array(many.runs.dropFirst()))
        await many.end()
    }

    @Test func `old runs are looked through in turns`() {
        let names = (10..<60).map { Sample.name("202611230306\($0)") }
        let first = RunUpkeep.turn(names, after: nil)
        #expect(first == Array(names.prefix(32)))
        let second = RunUpkeep.turn(names, after: first.last)
        #expect(second == Array(names.suffix(18) + names.prefix(14)))
        #expect(RunUpkeep.turn([], after: nil).isEmpty)
    }
}
