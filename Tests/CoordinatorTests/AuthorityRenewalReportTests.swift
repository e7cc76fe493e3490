// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import TestSupport
import Testing

@testable import Coordinator

/// What `authority renew` leads on to.
@Suite struct AuthorityRenewalReportTests {
    private let directory: TemporaryDirectory
    private let rollOver: AuthorityRollOver
    private let identity = NodeIdentity(
        serial: "01", notBefore: Sample.time, notAfter: Sample.time, authorities: [], issuer: nil)

    init() throws {
        directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path("c")).found()
        let file = try ClusterFile.load(directory.path("c/cluster.json"))
        rollOver = try AuthorityRenewal(file: file).make(authorityKey: nil)
    }

    private func outcome(_ node: String, isThere: Bool) -> NodeOutcome<NodeIdentity> {
        NodeOutcome(
            node: node,
            result: isThere
                ? .success(identity) : .failure(WireErrors([WireError(.agentLost, node: node, "silent")])))
    }

    private func report(_ there: [String: Bool], without: [String]) -> AuthorityRenewalReport {
        AuthorityRenewalReport(
            cluster: "demo", authority: rollOver,
            there.sorted { $0.key < $1.key }.map { outcome($0.key, isThere: $0.value) }, without)
    }

    /// Typed as it was named, it waited again for nodes that the operator had left out.
    @Test func `the next command leaves out whom this one did`() {
        let nodes = ["node01": true, "node02": false, "node03": false]
        #expect(
            report(nodes, without: []).lines.contains(
                "next: 'amfleet authority renew' again when they answer, or with --without node02 --without node03 besides to end it without them"
            ))
        #expect(
            report(nodes, without: ["node02"]).lines.contains(
                "next: 'amfleet authority renew --without node02' again when they answer, or with --without node03 besides to end it without them"
            ))
    }

    @Test func `a node that is not waited for is not waited for at the end either`() {
        var made = report(["node01": true, "node02": true], without: ["node02"])
        made.add([outcome("node01", isThere: true), outcome("node02", isThere: false)], ["node02"])
        #expect(!made.isWaiting && made.nodes.map(\.state) == [.done, .leftOut])
        made.add([outcome("node02", isThere: false)], [])
        #expect(made.isWaiting)
    }
}
