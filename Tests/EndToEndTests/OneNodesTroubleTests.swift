// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What is wrong on one node costs that node alone: whatever else of it can be dumped is, the other nodes go on, and `retry` adds the rest.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(TroubledCluster.self), .timeLimit(.minutes(9)))
    struct OneNodesTroubleTests {
        @Test(arguments: OneNodesTrouble.tried) func `costs one configuration of one node`(
            _ trouble: OneNodesTrouble
        ) async throws {
            let made = try Arranged.as(TroubledCluster.self)
            let mend = try made.change(trouble.file) {
                $0.replacingOccurrences(of: trouble.old, with: trouble.new)
            }
            let plan = try await made.cluster.amfleet(["plan"])
            let backup = try await made.cluster.amfleet(["backup", "--json"])
            try mend()

            #expect(plan.exit == 3, "\(plan)")
            #expect(plan.output.contains("node02"), "\(plan)")
            #expect(backup.exit == 3, "\(backup)")
            let report = try CommandJSON(backup)
            #expect(report.states == ["failed", "complete", "complete"])
            let errors = report.errors(of: "node01").joined(separator: "\n")
            for text in trouble.texts {
                #expect(errors.contains(text), "\(text) in \(backup)")
                #expect(plan.text.contains(text), "\(text) in \(plan)")
            }
            let record = try await made.record(of: report.run, "node01")
            #expect(record == ["vertica": false, "logs": true, "amanda-server": true])

            let retry = try await made.cluster.amfleet(["retry", report.run, "--json"])
            #expect(retry.exit == 0, "\(retry)")
            #expect(try CommandJSON(retry).states == ["complete", "complete", "complete"])
        }

        @Test func `what is wrong on every node is refused with 2, and nothing is begun`() async throws {
            let made = try Arranged.as(TroubledCluster.self)
            let file = try made.cluster.clusterFile("misnamed") {
                $0.set("configurations", "data", to: ["vertica", "lgos"])
            }
            let before = try await made.cluster.amfleet(["list", "--json"]).output
            let backup = try await made.cluster.amfleet(["backup", "--cluster", file])
            #expect(backup.exit == 2, "\(backup)")
            for node in made.cluster.nodes { #expect(backup.errors.contains(node.name), "\(backup)") }
            #expect(backup.errors.contains("lgos"), "\(backup)")
            #expect(try await made.cluster.amfleet(["list", "--json"]).output == before)
        }

        @Test func `another cluster's agent in one node's place costs that node alone, a restore too`()
            async throws
        {
            let made = try Arranged.as(TroubledCluster.self)
            let foreign = try await made.cluster.foreignIdentities()
            try await made.node.stop()
            let impostor = try RunningProgram(
                ["\(Machine.programs)/amfleetd", "--config", "\(foreign)/nodes/node01/agent.json"],
                output: "\(foreign)/agent")
            defer { impostor.send(SIGKILL) }
            try await eventually("the other cluster's agent listens: \(impostor.text)") {
                impostor.text.contains("listening on")
            }
            let target = "\(made.cluster.directory)/restored"
            let results = [
                try await made.cluster.amfleet(["plan"]), try await made.cluster.amfleet(["backup"]),
                try await made.cluster.amfleet(["restore", "--to", target, "--configuration", "vertica"]),
            ]
            let alone = try await made.cluster.amfleet(["backup", "--node", "node01"])
            await impostor.kill()
            try await made.node.start()

            for result in results {
                #expect(result.exit == 3, "\(result)")
                #expect(
                    result.text.contains("node01: the agent at") && result.text.contains("certificate"),
                    "\(result)")
            }
            #expect(alone.exit == 5, "\(alone)")
            for node in made.cluster.nodes.dropFirst() {
                let file = "\(target)/\(node.name)/vertica\(node.data)/file"
                #expect(try String(contentsOfFile: file, encoding: .utf8) == "of \(node.name)\n")
            }
        }

        @Test
        func
            `a catalog that is years ahead costs its own configuration, until it is mended as the hint says`()
            async throws
        {
            let made = try Arranged.as(TroubledCluster.self)
            let log = "\(made.node.directory(of: "vertica"))/log.20991231235959.0"
            try write("", to: log)
            let backup = try await made.cluster.amfleet(["backup", "--json"])
            let status = try await made.cluster.amfleet(["status"])
            #expect(backup.exit == 3, "\(backup)")
            let report = try CommandJSON(backup)
            #expect(report.states == ["failed", "complete", "complete"])
            #expect(!report.run.hasPrefix("2099"))
            #expect(report.errors(of: "node01").joined().contains("20991231235959"), "\(backup)")
            #expect(status.exit == 7 && status.output.contains("20991231235959"), "\(status)")
            let hint = try #require(status.output.split(separator: "\n").first { $0.contains("move ") })
            #expect(hint.contains("log.20991231235959.*"), "\(hint)")
            try FileManager.default.moveItem(atPath: log, toPath: "\(made.node.directory)/moved.log")
            let next = try await made.cluster.amfleet(["backup"])
            #expect(next.exit == 0, "\(next)")
        }

        @Test func `names without a manifest neither move nor hide a run`() async throws {
            let made = try Arranged.as(TroubledCluster.self)
            let runs = "\(TestCluster.prefix)/_amfleet/runs"
            let soon = Date().addingTimeInterval(3 * 3600)
            let names =
                ["20991231235959"] + (0..<12).map { Self.name(soon.addingTimeInterval(Double($0))) }
            for name in names {
                try await made.cluster.store.putObject("{}", "\(runs)/\(name)/nodes/node01.json")
            }
            let backup = try await made.cluster.amfleet(["backup", "--json"])
            let report = try CommandJSON(backup)
            #expect(backup.exit == 0, "\(backup)")
            #expect(!names.contains(report.run) && report.run < names[1], "\(report.run)")
            // As its coordinator's death leaves it.
            try await made.cluster.store.changeDocument("runs/\(report.run)/manifest.json") {
                $0["verdict"] = "running"
            }
            let watch = try await made.cluster.amfleet(["watch", "--json"])
            #expect(watch.exit == 0, "\(watch)")
            #expect(try CommandJSON(watch).run == report.run)
            for name in names {
                try await made.cluster.store.removeObject("\(runs)/\(name)/nodes/node01.json")
            }
        }

        private static func name(_ date: Date) -> String {
            let formatter = DateFormatter()
            formatter.dateFormat = "yyyyMMddHHmmss"
            return formatter.string(from: date)
        }
    }
}

extension TroubledCluster {
    /// Which configurations a node's record calls free of errors.
    fileprivate func record(of run: String, _ node: String) async throws -> [String: Bool] {
        let object = try await cluster.store.document("runs/\(run)/nodes/\(node).json")
        let configurations = object["configurations"] as? [[String: Any]] ?? []
        return configurations.reduce(into: [:]) { $0[$1["name"] as? String ?? ""] = $1["error"] == nil }
    }
}
