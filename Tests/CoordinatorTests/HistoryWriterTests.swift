// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import S3
import TestSupport
import Testing

@testable import Coordinator

/// In which order a run becomes a line, and what stays where that is cut off or somebody else writes the same.
@Suite(.serialized, .enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct HistoryWriterTests {
    @Test func `the manifest goes last, so that records which stay are found again`() async throws {
        let many = try await ManyRuns(runs: 2, nodes: 2)
        let run = many.runs[0]
        many.proxy.inject(
            .error(status: 403, code: "AccessDenied"), method: "DELETE", target: "manifest.json", times: 99)
        await #expect(throws: S3Error.self) {
            try await writer(many).condense([line(many, run)])
        }
        let left = try await many.direct.client.list(prefix: many.direct.layout.records(of: run)).objects
        #expect(left.map(\.key) == [many.direct.layout.manifest(run)])
        many.proxy.clear()
        #expect(try await writer(many).condense([line(many, run)]) == [run])
        #expect(try await many.runsThere() == [many.runs[1]])
        await many.end()
    }

    @Test(arguments: [false, true])
    func `a history that somebody else writes meanwhile is not written over, and nothing goes`(
        wasThere: Bool
    ) async throws {
        let many = try await ManyRuns(runs: 3, nodes: 1)
        let key = many.direct.layout.history(ofYear: String(many.runs[0].digits.prefix(4)))
        let others = RunHistory([line(many, many.runs[1])])
        if wasThere {
            _ = try await many.direct.client.put(key, RunHistory([line(many, many.runs[2])]).bytes())
        }
        many.proxy.inject(.delay(.seconds(5)), method: "PUT", target: "/history/", times: 1)
        async let condensed = writer(many).condense([line(many, many.runs[0])])
        while !many.proxy.requests.contains(where: { $0.hasPrefix("PUT") && $0.contains("/history/") }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        _ = try await many.direct.client.put(key, others.bytes())
        do {
            _ = try await condensed
            Issue.record("written over")
        } catch CoordinatorError.historyChanged {
        }
        let kept = try await many.direct.client.get(key, limit: 1 << 20).bytes
        #expect(RunHistory(parsing: kept, what: key) == others)
        #expect(try await many.runsThere() == many.runs)
        await many.end()
    }

    @Test func `without the lease neither a line is written nor a record taken away`() async throws {
        let many = try await ManyRuns(runs: 2, nodes: 1)
        let lost = HistoryWriter(bucket: many.direct) { false }
        let error = await #expect(throws: CoordinatorError.self) {
            try await lost.condense([line(many, many.runs[0])])
        }
        #expect(error?.ending == .failed, "\(error.map { "\($0)" } ?? "nothing")")
        await #expect(throws: CoordinatorError.self) { try await lost.remove(many.runs[0]) }
        #expect(try await HistoryReader(bucket: many.direct).newest(nil, since: nil).lines.isEmpty)
        #expect(try await many.runsThere() == many.runs)
        await many.end()
    }

    /// Through the proxy, with little patience.
    private func writer(_ many: ManyRuns) -> HistoryWriter {
        HistoryWriter(bucket: many.cluster.impatientBucket) { true }
    }

    private func line(_ many: ManyRuns, _ run: RunName) -> HistoryLine {
        HistoryLine(many.manifest(run, slot: 0), overwrittenBy: Sample.time, hadVolumes: true)
    }
}
