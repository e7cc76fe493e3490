// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Every verb once, on a cluster of two nodes, from `init` to `restore`: what each of them said, and what was left behind.
///
/// Old volumes are taken again, those of `blocks` with an object a block; a node misses a run, which is retried; one dump is held, and
/// flushed.
struct StormRound: Sendable {
    /// One command.
    struct Step: Sendable {
        let name: String
        let result: CommandResult
        /// What it said on standard output, each line once, without numbers, places and the mark of a command, which differ from round to round.
        let lines: Set<String>

        /// Why a dump is held is said in the store's words, and a storm has more than one.
        init(_ name: String, _ result: CommandResult, in directory: String) {
            self.name = name
            self.result = result
            let lines = result.output.replacingOccurrences(of: directory, with: "DIRECTORY").split(
                separator: "\n")
            self.lines = Set(
                lines.filter { !$0.contains("dumps are held") }.map { line in
                    line.replacing(/, run [0-9a-f]+$/, with: "").map { $0.isNumber ? "#" : $0 }.split(
                        separator: " "
                    ).map {
                        String($0).replacing(/#[#.:]*/, with: "#")
                    }.joined(separator: " ")
                })
        }
    }

    private static let multipart = "vertica"
    private static let blocks = "blocks"

    private(set) var steps: [Step] = []
    /// Differences between what was backed up and what came back.
    private(set) var differences: [String] = []
    /// What should have gone with its command: open uploads, locks.
    private(set) var leftovers: [String] = []
    private(set) var requestCount = 0
    private(set) var struckCount = 0

    private let cluster: TestCluster
    private let proxy: FaultyProxy
    private let file: String
    /// The same where a store that refuses is waited for no longer than a test can. Of a storm's requests it takes nine in a row to be
    /// struck until one is given up; with a limit of six seconds it took six, and one of some 16,000 requests was.
    private let holdingFile: String
    private let seed: UInt64?
    private var stormCount: UInt64 = 1

    /// - Parameter seed: of the storm; nil: none.
    static func carriedOut(seed: UInt64?) async throws -> StormRound {
        let cluster = try await TestCluster(
            nodes: ["node01", "node02"], configurations: [multipart, blocks], isBehindProxy: true,
            storm: seed.map { ProxyStorm(seed: $0) })
        do {
            var round = try StormRound(cluster, seed)
            try await round.carryOut()
            await cluster.remove()
            return round
        } catch {
            await cluster.remove()
            throw error
        }
    }

    private init(_ cluster: TestCluster, _ seed: UInt64?) throws {
        self.cluster = cluster
        self.seed = seed
        guard let proxy = cluster.store.proxy else { throw CommandError.never("a proxy", .zero) }
        self.proxy = proxy
        file = try cluster.clusterFile("storm") { _ in }
        holdingFile = try cluster.clusterFile("holding") { $0.set("limits", "holdAfter", to: "40s") }
    }

    private mutating func carryOut() async throws {
        try await configure()
        try await cluster.startAgents()
        _ = try await amfleet("plan")
        let first = try await amfleet("backup").run
        _ = try await amfleet("status")
        _ = try await amfleet("list")
        _ = try await amfleet("show", first)
        _ = try await amfleet("volumes")
        _ = try await amfleet("pin", first)
        _ = try await amfleet("unpin", first)
        for _ in 0..<2 { _ = try await amfleet("backup") }
        try await missAndRetry()
        let held = try await holdAndFlush()
        let newest = try await amfleet("backup").run
        for verb in ["status", "list", "volumes", "flush", "watch", "cancel"] { _ = try await amfleet(verb) }
        _ = try await amfleet("show", newest)
        for run in [held, newest] { try await restore(run) }
        try await lookForLeftovers()
        requestCount = proxy.requests.count
        struckCount = proxy.struckCount
    }

    private func configure() async throws {
        for node in cluster.nodes {
            try await SourceTree.make("\(node.data)/tree")
            try await SourceTree.writeFile("\(node.data)/large", mebibytes: 11, randomMebibytes: 4)
            let holding = "\(node.directory)/holding"
            try await script("install -d -o backup -g backup -m 770 \"$1\"", [holding])
            var plan = ConfigurationPlan(
                name: Self.multipart, partSize: "10 megabytes", blockSize: "5 megabytes", slots: "{1..4}")
            plan.globalLines = [
                "holdingdisk hd {\n    directory \"\(holding)\"\n    use -10 Mb\n    chunksize 8 Mb\n}"
            ]
            plan.dumptypeLines = ["holdingdisk auto"]
            var blocks = ConfigurationPlan(
                name: Self.blocks, blockSize: "512 kilobytes", isMultipart: false, slots: "{1..4}")
            blocks.uploadThreads = 2
            for plan in [plan, blocks] { try await node.configure(plan, disks: [node.data]) }
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
        }
    }

    private mutating func missAndRetry() async throws {
        let data = cluster.nodes[1].data
        try FileManager.default.moveItem(atPath: data, toPath: "\(data)-gone")
        let run = try await amfleet("backup").run
        try FileManager.default.moveItem(atPath: "\(data)-gone", toPath: data)
        _ = try await amfleet("retry", run)
    }

    /// The store refuses the data of one configuration of one node, as a volume server that is away makes it.
    private mutating func holdAndFlush() async throws -> String {
        for method in ["POST", "PUT"] {
            proxy.inject(
                .error(status: 503, code: "ServiceUnavailable"), method: method,
                target: "/node01/\(Self.multipart)/slot", times: .max)
        }
        let run = try await amfleet("backup", cluster: holdingFile).run
        proxy.clear()
        stormCount += 1
        if let seed { proxy.setStorm(ProxyStorm(seed: seed &* stormCount)) }
        _ = try await amfleet("flush")
        return run
    }

    private mutating func restore(_ run: String) async throws {
        let target = "\(cluster.directory)/restored-\(run)"
        _ = try await amfleet("restore", "--run", run, "--to", target)
        for node in cluster.nodes {
            for configuration in [Self.multipart, Self.blocks] {
                let restored = "\(target)/\(node.name)/\(configuration)\(node.data)"
                guard FileManager.default.fileExists(atPath: restored) else {
                    differences.append("\(node.name) \(configuration): nothing is there")
                    continue
                }
                let original = try await TreeManifest(of: node.data)
                let difference = try await original.difference(from: TreeManifest(of: restored))
                if !difference.isEmpty { differences.append("\(node.name) \(configuration): \(difference)") }
            }
        }
        try? FileManager.default.removeItem(atPath: target)
    }

    private mutating func lookForLeftovers() async throws {
        try await eventually("the agents have cleaned up") {
            try cluster.nodes.allSatisfy {
                try FileManager.default.contentsOfDirectory(atPath: "\($0.state)/uploads").isEmpty
            }
        }
        leftovers += try await cluster.store.openUploads().map { "an open upload of '\($0.key)'" }
        let lease = try await cluster.store.document("lease.json")
        if lease["isReleased"] as? Bool != true { leftovers.append("a lease: \(lease)") }
    }

    private mutating func amfleet(
        _ arguments: String..., cluster other: String? = nil
    ) async throws -> CommandResult {
        var words = arguments
        words.insert(contentsOf: ["--cluster", other ?? file], at: 1)
        let begun = ContinuousClock.now
        let result = try await cluster.amfleet(words)
        LongTests.tell("storm \(seed ?? 0): \(steps.count + 1) \(arguments[0]): \(result.exit)")
        steps.append(
            Step("\(steps.count + 1) \(arguments[0])", result, in: cluster.directory))
        if ProcessInfo.processInfo.environment["AMFLEET_SHOW"] != nil {
            print(
                "$ amfleet \(arguments.joined(separator: " ")) (\(ContinuousClock.now - begun))\n\(result.text)exit \(result.exit)\n"
            )
        }
        return result
    }
}
