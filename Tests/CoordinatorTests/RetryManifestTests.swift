// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Coordinator

@Suite struct RetryManifestTests {
    private static let busy = WireError(.busy, node: "node01", "busy: job 'restore-x' is running")
    private static let volumes = RecordedVolumes(
        holding: [
            VolumeRecord(label: "vertica-01", bucket: "backups", prefix: "demo/node01/vertica/slot-01")
        ],
        levels: [0])

    private func leftOut(_ state: NodeVerdict.State) -> NodeVerdict? {
        var verdict = Sample.verdict("node01", state, .failed)
        verdict.volumes = Self.volumes
        (verdict.dumpedBytes, verdict.storedBytes) = (2048, 1024)
        var manifest = Sample.manifest([verdict, Sample.verdict("node02", .failed, .failed)], .partial)
        manifest.leaveOut("node01", [Self.busy])
        return manifest.nodes.first
    }

    @Test(arguments: [NodeVerdict.State.suspect, .complete, .held])
    func `a node whose dumps are all there is what it was, whatever keeps it from another job`(
        state: NodeVerdict.State
    ) {
        let verdict = leftOut(state)
        #expect(verdict?.state == state)
        #expect(verdict?.volumes == Self.volumes)
        #expect(verdict?.error?.message == "reason of node01")
    }

    @Test func `a node that is left out keeps the volumes that it took, with the reason of today`() {
        let verdict = leftOut(.failed)
        #expect(verdict?.state == .failed)
        #expect(verdict?.volumes == Self.volumes)
        #expect(verdict?.dumpedBytes == 2048 && verdict?.storedBytes == 1024)
        #expect(verdict?.error?.message == Self.busy.message)
    }

    @Test func `a node that had no part yet is named`() {
        var manifest = Sample.manifest([Sample.verdict("node02", .complete)], .partial)
        manifest.leaveOut("node01", [Self.busy])
        #expect(manifest.nodes.map(\.node) == ["node02", "node01"])
        #expect(manifest.nodes.last?.state == .failed)
        #expect(manifest.nodes.last?.attempt == 1)
    }
}
