// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Coordinator

@Suite struct RemarkGroupsTests {
    @Test func `the unused parameters of like configurations are one line`() {
        let findings = nodes.flatMap { node in
            ["vertica", "amanda-server"].flatMap { configuration in
                [("dumpcycle", 4), ("runspercycle", 5), ("tapetype S3: part-cache-type", 45)].map {
                    unused($0, line: node == "node02" ? $1 + 1 : $1, of: configuration, on: node)
                }
            }
        }
        #expect(
            texts(findings) == [
                "node01, node02, node03: vertica, amanda-server: dumpcycle, runspercycle, "
                    + "tapetype S3: part-cache-type: read, kept, not used by this version"
            ])
    }

    @Test func `a configuration that differs is said by itself`() {
        let findings =
            nodes.map { unused("dumpcycle", line: 4, of: "vertica", on: $0) }
            + [unused("runtapes", line: 7, of: "vertica", on: "node03")]
        #expect(
            texts(findings) == [
                "node01, node02: vertica: /srv/<node>/amanda/vertica/amanda.conf:4: dumpcycle: "
                    + "read, kept, not used by this version",
                "node03: vertica: dumpcycle, runtapes: read, kept, not used by this version",
            ])
    }

    @Test func `nodes and configurations are only named together where each concerns each`() {
        let findings = [
            unused("dumpcycle", line: 4, of: "vertica", on: "node01"),
            unused("dumpcycle", line: 4, of: "vertica", on: "node02"),
            unused("dumpcycle", line: 4, of: "amanda-server", on: "node01"),
        ]
        #expect(
            texts(findings) == [
                "node01, node02: vertica: /srv/<node>/amanda/vertica/amanda.conf:4: dumpcycle: "
                    + "read, kept, not used by this version",
                "node01: amanda-server: /srv/node01/amanda/amanda-server/amanda.conf:4: dumpcycle: "
                    + "read, kept, not used by this version",
            ])
    }

    @Test func `what differs only in the node's own directory or the line is said once, with its hint`() {
        func finding(_ node: String, _ line: Int, port: Int = 8333) -> Finding {
            let file = "/srv/\(node)/amanda/vertica/amanda.conf"
            var found = Finding(
                Remark(
                    place: FaultPlace(file: file, line: line), subject: "S3_HOST",
                    "http://host:\(port)/ is used"),
                node: node, configuration: "vertica")
            found.fix = "confine."
            return found
        }
        #expect(
            groups([finding("node01", 17), finding("node02", 17)]) == [
                .init(
                    text: "node01, node02: vertica: /srv/<node>/amanda/vertica/amanda.conf:17: "
                        + "S3_HOST: http://host:8333/ is used", fix: "confine.")
            ])
        #expect(
            texts([finding("node01", 17), finding("node02", 18)]) == [
                "node01, node02: vertica: /srv/<node>/amanda/<configuration>/amanda.conf: "
                    + "S3_HOST: http://host:8333/ is used"
            ])
        #expect(texts([finding("node01", 17), finding("node02", 17, port: 9000)]).count == 2)
    }

    @Test func `words are never taken apart, whatever they look like`() {
        let text = "node01: /srv/node01/x:3: dumpcycle: read, kept, not used by this version"
        #expect(
            texts([Finding(.remark, node: "node01", configuration: "vertica", text)]) == [
                "node01: vertica: \(text)"
            ])
        let others = ["node01", "node02"].map { (node: String) in
            Finding(.remark, node: node, "/srv/\(node)/x:3 is odd")
        }
        #expect(texts(others) == ["node01: /srv/node01/x:3 is odd", "node02: /srv/node02/x:3 is odd"])
    }

    @Test func `a single remark keeps its words, also one of the whole cluster`() {
        let findings: [Finding] = [
            .init(.remark, node: "node01", "runs amfleetd 0.0.9, this is amfleet 0.1.0"),
            .init(.remark, "the coordinator's certificate expires in 20 d 0 h"),
        ]
        #expect(
            texts(findings) == [
                "node01: runs amfleetd 0.0.9, this is amfleet 0.1.0",
                "the coordinator's certificate expires in 20 d 0 h",
            ])
    }

    @Test func `many nodes that are all concerned are counted`() {
        let many = (1...5).map { "node0\($0)" }
        let findings = many.map { Finding(.remark, node: $0, "old") }
        #expect(RemarkGroups(findings, nodes: many).groups.map(\.text) == ["all 5 nodes: old"])
        #expect(
            RemarkGroups(Array(findings.dropLast()), nodes: many).groups.map(\.text)
                == ["node01, node02, node03, node04: old"])
    }

    private let nodes = ["node01", "node02", "node03"]

    private func groups(_ findings: [Finding]) -> [RemarkGroups.Group] {
        RemarkGroups(findings, nodes: nodes).groups
    }

    private func texts(_ findings: [Finding]) -> [String] { groups(findings).map(\.text) }

    private func unused(
        _ name: String, line: Int, of configuration: String, on node: String
    ) -> Finding {
        let file = "/srv/\(node)/amanda/\(configuration)/amanda.conf"
        return Finding(
            Remark(
                place: FaultPlace(file: file, line: line), subject: name,
                "read, kept, not used by this version"),
            node: node, configuration: configuration)
    }
}
