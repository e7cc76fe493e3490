// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Which self-backup `status` counts on.
@Suite(.serialized, .enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct SelfBackupSearchTests {
    @Test func `one whose data are gone from the bucket is none, and an older one that is whole is taken`()
        async throws
    {
        let many = try await ManyRuns(runs: 2, nodes: 1)
        let (older, newest) = (many.runs[0], many.runs[1])
        func status() async throws -> StatusReport { try await StatusCommand(many.cluster).run() }
        let whole = try await status()
        #expect(whole.nodes[0].selfBackup == newest && whole.newestSet?.restorableNodes == 1)

        let keys = ObjectKeys(slotPrefix: "demo/node1/amanda-server/slot-01")
        try await many.direct.client.delete(keys.data(file: 1))
        let damaged = try await status()
        let reason =
            "that of run \(newest) cannot be had: level 0 of '/data' of run \(newest), on volume 'amanda-server-slot-01': "
            + "'\(keys.data(file: 1))' is not in the bucket"
        #expect(damaged.nodes[0].selfBackup == nil && damaged.nodes[0].selfBackupLost == reason)
        #expect(damaged.findings.contains { $0.what == "no self-backup of it can be had back: \(reason)" })
        #expect(damaged.newestSet?.restorableNodes == 0)

        let other = ObjectKeys(slotPrefix: "demo/node1/amanda-server/slot-00")
        _ = try await many.direct.client.put(other.header(file: 1), [1])
        _ = try await many.direct.client.put(other.data(file: 1), [UInt8](repeating: 1, count: 1024))
        let found = try await status()
        #expect(found.nodes[0].selfBackup == older)
        #expect(
            found.findings.contains {
                $0.what == "its newest self-backup that can be had back is that of run \(older): \(reason)"
            })
        await many.end()
    }

    @Test func `a run that nobody has judged is told beside the set before it`() async throws {
        let many = try await ManyRuns(runs: 2, nodes: 1)
        var begun = many.manifest(Sample.name("20271123030600"), slot: 2)
        begun.verdict = .running
        _ = try await many.direct.client.put(
            many.direct.layout.manifest(begun.run), WireJSON.document(begun))
        let report = try await StatusCommand(many.cluster).run()
        #expect(report.newestSet?.run == many.runs[1])
        #expect(
            report.findings.contains {
                $0.weight == .problem && $0.what.hasPrefix("run \(begun.run) was not finished")
            }, "\(report.findings.map(\.what))")
        await many.end()
    }
}
