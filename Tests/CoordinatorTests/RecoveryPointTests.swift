// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Coordinator

@Suite struct RecoveryPointTests {
    private func node(_ name: String, _ points: [(name: String, value: String)]) -> NodeRecoveryPoints {
        var dump = Sample.dump()
        dump.recoveryPoints = points.map { RecoveryPoint(name: $0.name, value: $0.value) }
        return NodeRecoveryPoints(
            Sample.record(name, dumps: [dump], configurations: [Sample.asked[0]]))
    }

    @Test func `one point on every node is shown without a warning`() {
        let nodes = ["node01", "node02"].map { node($0, [("epoch", "47")]) }
        #expect(
            nodes.lines == [
                "node01: vertica: /data: recovery point epoch 47",
                "node02: vertica: /data: recovery point epoch 47",
            ])
    }

    @Test func `nodes that differ, or have none, are named`() {
        let nodes = [
            node("node01", [("epoch", "47")]), node("node02", [("epoch", "48")]), node("node03", []),
            node("node04", [("epoch", "47")]),
        ]
        #expect(
            nodes.warnings == [
                "warning: vertica: recovery point epoch is not the same everywhere: "
                    + "47 on node01, node04; 48 on node02; none on node03"
            ])
    }

    @Test func `a dump that failed counts for nothing, and no script means no line`() {
        var dump = Sample.dump(.failed)
        dump.recoveryPoints = [RecoveryPoint(name: "epoch", value: "47")]
        #expect([NodeRecoveryPoints(Sample.record(dumps: [dump]))].lines.isEmpty)
        #expect([NodeRecoveryPoints(Sample.record())].lines.isEmpty)
    }
}
