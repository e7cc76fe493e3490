// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One node behind a proxy that can hold any one request, so that its agent can be killed at a known place.
struct StageCluster: Arrangement {
    static let plan = ConfigurationPlan(
        name: StockAmanda.newName("killed"), compress: "client fast", partSize: "10 megabytes",
        blockSize: "5 megabytes", tapecycle: 3)

    let cluster: TestCluster
    let proxy: FaultyProxy
    /// `cluster.json` with the proxy as the store and short limits.
    let file: String

    var node: ClusterNode { cluster.nodes[0] }
    var large: String { "\(node.data)/large" }
    var small: String { "\(node.data)/small" }

    static func arrange() async throws -> StageCluster {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [plan.name])
        do {
            let node = cluster.nodes[0]
            let disks = ["\(node.data)/large", "\(node.data)/small"]
            for disk in disks {
                try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            }
            // Two dump parts, the first of them with more than one piece; the small disk is dumped first.
            try await SourceTree.writeFile("\(disks[0])/noise", mebibytes: 16, randomMebibytes: 4)
            try write("small\n", to: "\(disks[1])/file")
            try await node.configure(plan, disks: disks)
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
            try await cluster.startAgents()
            let proxy = try FaultyProxy(to: cluster.store.port)
            let file = try cluster.clusterFile("held") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
                $0.set("limits", "agentLost", to: "10s")
            }
            let made = StageCluster(cluster: cluster, proxy: proxy, file: file)
            try cluster.expectSuccess(try await made.backup())
            return made
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func backup() async throws -> CommandResult {
        try await cluster.amfleet(["backup", "--cluster", file])
    }

    /// Kills the agent when it has sent a request that is held, and starts it again.
    func killAt(_ stage: KillStage) async throws {
        proxy.inject(stage.fault, method: stage.method, target: stage.target, skip: stage.skip)
        let seen = count(stage)
        let backup = try cluster.startAmfleet(["backup", "--cluster", file])
        do {
            try await eventually("the request for '\(stage)': \(backup.text)") {
                count(stage) > seen + stage.skip
            }
            // What is held back is the answer: the server has had time to act.
            if case .stallAnswer = stage.fault { try await Task.sleep(for: .milliseconds(500)) }
        } catch {
            await backup.kill()
            throw error
        }
        await node.kill()
        let result = try await backup.end()
        proxy.clear()
        try await node.start()
        guard result.exit == 1 else { throw CommandError.failed(result) }
    }

    private func count(_ stage: KillStage) -> Int {
        proxy.requests.filter { $0.hasPrefix(stage.method + " ") && $0.contains(stage.target) }.count
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}

/// A place in a run at which its agent is killed.
struct KillStage: Sendable, CustomStringConvertible {
    let description: String
    let fault: ProxyFault
    let method: String
    let target: String
    var skip = 0
    /// Disks whose dumps count all the same, by their last name.
    var listed: [String] = []

    static let all = [
        KillStage(
            description: "before the label", fault: .holdRequest, method: "PUT", target: "special-tapestart"),
        KillStage(
            description: "after the label, before the tapelist", fault: .stallAnswer(after: 0), method: "PUT",
            target: "special-tapestart"),
        KillStage(
            description: "between two dumps", fault: .holdRequest, method: "PUT",
            target: "f00000002-filestart", listed: ["small"]),
        KillStage(
            description: "in the middle of a part", fault: .holdRequest, method: "PUT",
            target: "f00000002-mp.data?partNumber=2", listed: ["small"]),
        KillStage(
            description: "between two parts", fault: .holdRequest, method: "PUT",
            target: "f00000003-filestart", listed: ["small"]),
        KillStage(
            description: "after the data, before the log", fault: .stallAnswer(after: 0), method: "PUT",
            target: "f00000003-filestart", skip: 1, listed: ["small"]),
        KillStage(
            description: "before the node record", fault: .holdRequest, method: "PUT",
            target: "/nodes/node01.json", listed: ["large", "small"]),
    ]

    static let tried = LongTests.whole(
        all, or: [all[3]], leavingOut: "six of the seven stages of KilledAgentTests")
}

extension EndToEnd {
    /// An agent that is killed at any stage of a run leaves a catalog that both programs read alike.
    @Suite(
        .serialized, .needs(Machine.cluster + Machine.amanda + ["amcheckdump", "amtape"]),
        .arranged(StageCluster.self), .timeLimit(.minutes(8)))
    struct KilledAgentTests {
        @Test(arguments: KillStage.tried)
        func `an agent killed at any stage leaves nothing half-written listed, and the next run succeeds`(
            stage: KillStage
        ) async throws {
            let made = try Arranged.as(StageCluster.self)
            let amanda = try await StockAmanda(
                StageCluster.plan.name, of: made.node, work: "\(made.cluster.directory)/stock")
            defer { amanda.remove() }
            let before = try await found(amanda)

            try await made.killAt(stage)

            let after = try await found(amanda)
            let run = try newestRun(made)
            let new = after.filter { $0.run == run }
            #expect(Set(new.map(\.disk)) == Set(stage.listed.map { "\(made.node.data)/\($0)" }), "\(after)")
            #expect(after.filter { $0.run != run }.allSatisfy(before.contains), "\(after)")
            #expect(try await held(made) == Set(after), "amfleet and amadmin see the same")
            if !new.isEmpty {
                let checked = try await amanda.both("amcheckdump", "--timestamp", run)
                #expect(
                    checked.contains("(\(stage.listed.count)) successfully validated"),
                    "\(checked)")
            }
            try await eventually("no upload is left open") {
                try await made.cluster.store.openUploads().isEmpty
            }

            let next = try await made.backup()
            #expect(next.exit == 0, "\(next)")
            let end = try await found(amanda)
            let newest = try newestRun(made)
            #expect(newest > run)
            #expect(Set(end.filter { $0.run == newest }.map(\.disk)) == [made.large, made.small], "\(end)")
            #expect(try await held(made) == Set(end))
            let inventory = try await amanda.both("amtape", "inventory")
            for dump in end { #expect(inventory.contains("label \(dump.label)"), "\(inventory)") }
        }

        /// A whole dump on one volume.
        struct Found: Hashable {
            var run: String
            var disk: String
            var level: Int
            var label: String
        }

        /// What `amadmin find` lists, each dump once a volume; anything that is not whole is a failure.
        private func found(_ amanda: StockAmanda) async throws -> [Found] {
            let lines = try await amanda.tool("amadmin", "find").split(separator: "\n").map(String.init)
            var dumps: [Found] = []
            for line in lines where line.contains(" localhost ") {
                let words = line.split(separator: " ").map(String.init)
                try #require(words.count >= 10 && words.last == "OK", "\(line)")
                let run = (words[0] + words[1]).filter(\.isNumber)
                let dump = Found(
                    run: run, disk: words[3], level: try #require(Int(words[4])), label: words[7])
                if !dumps.contains(dump) { dumps.append(dump) }
            }
            return dumps
        }

        /// The same of `amfleet volumes`.
        private func held(_ made: StageCluster) async throws -> Set<Found> {
            let result = try await made.cluster.amfleet([
                "volumes", "--cluster", made.file, "--configuration", StageCluster.plan.name, "--json",
            ])
            try made.cluster.expectSuccess(result)
            let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
            let node = (object?["nodes"] as? [[String: Any]])?.first
            let configuration = (node?["configurations"] as? [[String: Any]])?.first
            var dumps: Set<Found> = []
            for slot in configuration?["slots"] as? [[String: Any]] ?? [] {
                for dump in slot["dumps"] as? [[String: Any]] ?? [] {
                    guard dump["isWhole"] as? Bool == true, let run = slot["run"] as? String,
                        let label = slot["label"] as? String, let disk = dump["disk"] as? String,
                        let level = dump["level"] as? Int
                    else { continue }
                    dumps.insert(Found(run: run, disk: disk, level: level, label: label))
                }
            }
            return dumps
        }

        /// That any log names.
        private func newestRun(_ made: StageCluster) throws -> String {
            let directory = made.node.directory(of: StageCluster.plan.name)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            let runs = names.filter { $0.hasPrefix("log.") && $0.hasSuffix(".0") }.map { name in
                String(name.dropFirst(4).dropLast(2))
            }
            // amcheckdump writes logs of its own, named by the time.
            return try #require(
                try runs.sorted().last { run in
                    let text = try String(contentsOfFile: "\(directory)/log.\(run).0", encoding: .utf8)
                    return text.contains("START planner")
                })
        }
    }
}
