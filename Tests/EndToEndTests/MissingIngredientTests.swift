// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One node, three disks, two runs: increments, dumps of several parts, and a self-backup of each run.
struct Ingredients: Arrangement {
    static let plan = ConfigurationPlan(
        name: StockAmanda.newName("ingredients"), partSize: "5 megabytes", blockSize: "5 megabytes",
        dumpcycle: 7,
        isRecorded: true, dumptypeLines: ["maxpromoteday 0"])

    let cluster: TestCluster
    /// Both runs' names.
    let runs: [String]
    let before: [String: TreeManifest]

    var node: ClusterNode { cluster.nodes[0] }
    static let names = ["plain", "parts", "changing"]

    func disk(_ name: String) -> String { "\(node.data)/\(name)" }

    static func arrange() async throws -> Ingredients {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [plan.name])
        do {
            let node = cluster.nodes[0]
            for name in names {
                try await script("mkdir -p \"$1\"; echo \"$2\" >\"$1/file\"", ["\(node.data)/\(name)", name])
            }
            try await SourceTree.writeFile("\(node.data)/parts/noise", mebibytes: 12, randomMebibytes: 12)
            try await node.configure(plan, disks: names.map { "\(node.data)/\($0)" })
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
            try await cluster.startAgents()
            var runs: [String] = []
            for text in ["first", "second"] {
                try write("\(text)\n", to: "\(node.data)/changing/changes")
                try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
                let tapelist = try String(
                    contentsOfFile: "\(node.directory(of: plan.name))/tapelist", encoding: .utf8)
                runs.append(String(tapelist.prefix { $0 != " " }))
            }
            var before: [String: TreeManifest] = [:]
            for name in names { before[name] = try await TreeManifest(of: "\(node.data)/\(name)") }
            return Ingredients(cluster: cluster, runs: runs, before: before)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// An empty machine with its old name: only its identity is there.
    func empty() async throws {
        try await node.stop()
        try node.wipe()
        try await node.start()
    }

    /// Keys of the second run's record that the condition holds of, by configuration, disk and level.
    func parts(_ configuration: String, _ disk: String, level: Int) async throws -> [String] {
        let record = try await cluster.store.document("runs/\(runs[1])/nodes/node01.json")
        let all = record["configurations"] as? [[String: Any]] ?? []
        let own = all.first { $0["name"] as? String == configuration } ?? [:]
        let dumps = own["dumps"] as? [[String: Any]] ?? []
        guard let dump = dumps.first(where: { ($0["disk"] as? String)?.hasSuffix(disk) == true }) else {
            return []
        }
        if dump["level"] as? Int == level {
            return (dump["parts"] as? [[String: Any]] ?? []).compactMap { $0["dataKey"] as? String }
        }
        let base = (dump["bases"] as? [[String: Any]] ?? []).first { $0["level"] as? Int == level } ?? [:]
        let volumes = base["volumes"] as? [[String: Any]] ?? []
        let prefix = volumes.first?["prefix"] as? String ?? ""
        return (base["parts"] as? [[String: Any]] ?? []).compactMap { part in
            (part["fileNumber"] as? Int).map {
                prefix + "f" + String(repeating: "0", count: 8 - "\($0)".count) + "\($0)-mp.data"
            }
        }
    }

    func remove() async { await cluster.remove() }
}

extension EndToEnd {
    /// Whatever single thing is missing on the worst day: it is named before the first byte, and the rest comes back.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(Ingredients.self), .timeLimit(.minutes(10)))
    struct MissingIngredientTests {
        enum Ingredient: String, CaseIterable, CustomTestStringConvertible {
            case nothing, selfBackup, onlyObject, onePart, baseOfIncrement, increment, nodeRecord, label

            var testDescription: String { rawValue }

            /// Disks that cannot come back without it.
            var lost: Set<String> {
                switch self {
                case .nothing, .selfBackup, .nodeRecord: []
                case .onlyObject: ["plain"]
                case .onePart: ["parts"]
                case .baseOfIncrement, .increment: ["changing"]
                // Of the second run's volume, on which an increment of each lies.
                case .label: Set(Ingredients.names)
                }
            }

            /// What is said of it though everything comes back.
            var word: String? {
                switch self {
                case .selfBackup: "the newest that is whole"
                case .nodeRecord: "record of this node"
                default: nil
                }
            }
        }

        private func keys(_ missing: Ingredient, _ made: Ingredients) async throws -> [String] {
            let data = Ingredients.plan.name
            let found: [String] =
                switch missing {
                case .nothing: []
                case .selfBackup: try await made.parts(ConfigurationPlan.selfBackup.name, "/etc", level: 0)
                case .onlyObject: try await made.parts(data, "/plain", level: 0)
                case .onePart: try await Array(made.parts(data, "/parts", level: 0).dropFirst().prefix(1))
                case .baseOfIncrement: try await made.parts(data, "/changing", level: 0)
                case .increment: try await made.parts(data, "/changing", level: 1)
                case .label:
                    try await made.parts(data, "/changing", level: 1).prefix(1).map {
                        String($0.prefix($0.count - "f00000001-mp.data".count)) + "special-tapestart"
                    }
                case .nodeRecord: ["\(TestCluster.prefix)/_amfleet/runs/\(made.runs[1])/nodes/node01.json"]
                }
            #expect(missing == .nothing || !found.isEmpty)
            return found
        }

        @Test(arguments: LongTests.first(3, of: Ingredient.allCases, in: "MissingIngredientTests"))
        func `what is lost is named before the first byte, the rest comes back`(
            missing: Ingredient
        )
            async throws
        {
            let made = try Arranged.as(Ingredients.self)
            let (cluster, node) = (made.cluster, made.node)
            try await made.empty()
            let keys = try await keys(missing, made)
            var kept: [(key: String, file: String)] = []
            for key in keys {
                let file = "\(cluster.directory)/kept-\(UUID().uuidString.prefix(8))"
                try await cluster.store.fetch(key, to: file)
                kept.append((key, file))
                try await cluster.store.removeObject(key)
            }

            let planned = try await cluster.amfleet(["restore", "--run", made.runs[1], "--dry-run"])
            #expect(!FileManager.default.fileExists(atPath: made.disk("parts")), "\(planned)")
            let restored = try await cluster.amfleet(["restore", "--run", made.runs[1]])

            for (key, file) in kept {
                try await cluster.store.put(file: file, key)
            }
            // One node is all there is: a part of it is none.
            #expect(planned.exit == (missing.lost.isEmpty ? 0 : 1), "\(planned)")
            #expect(restored.exit == (missing.lost.isEmpty ? 0 : 1), "\(restored)")
            for name in missing.lost {
                #expect(planned.text.contains("\(made.disk(name))"), "\(planned)")
                #expect(planned.text.contains("does not come back"), "\(planned)")
                let word = missing == .label ? "no label any more" : keys[0]
                #expect(planned.text.contains(word), "\(planned)")
                #expect(restored.text.contains("\(made.disk(name)) does not come back"), "\(restored)")
            }
            if let word = missing.word {
                #expect(planned.text.contains(word), "\(planned)")
                #expect(restored.text.contains(word), "\(restored)")
            }
            for name in Ingredients.names where !missing.lost.contains(name) {
                let tree = try await TreeManifest(of: made.disk(name))
                #expect(made.before[name]?.difference(from: tree) == "", "\(name)")
            }
            for name in missing.lost {
                #expect(!FileManager.default.fileExists(atPath: "\(made.disk(name))/file"))
            }
            #expect(
                FileManager.default.fileExists(
                    atPath: "\(node.directory(of: Ingredients.plan.name))/amanda.conf"))
        }

        @Test func `no index is needed, by the record or by the catalog`() async throws {
            let made = try Arranged.as(Ingredients.self)
            let (cluster, node) = (made.cluster, made.node)
            try await made.empty()
            try cluster.expectSuccess(try await cluster.amfleet(["restore", "--run", made.runs[1]]))
            let directory = node.directory(of: Ingredients.plan.name)
            #expect(FileManager.default.fileExists(atPath: "\(directory)/index"))
            try FileManager.default.removeItem(atPath: "\(directory)/index")
            let record = "\(TestCluster.prefix)/_amfleet/runs/\(made.runs[1])/nodes/node01.json"
            let file = "\(cluster.directory)/kept-record"
            try await cluster.store.fetch(record, to: file)
            for (target, isRecorded) in [("with", true), ("without", false)] {
                if !isRecorded { try await cluster.store.removeObject(record) }
                let top = "\(cluster.directory)/\(target)"
                let result = try await cluster.amfleet([
                    "restore", "--run", made.runs[1], "--configuration", Ingredients.plan.name, "--to", top,
                ])
                #expect(result.exit == 0, "\(result)")
                for name in Ingredients.names {
                    let tree = try await TreeManifest(
                        of: "\(top)/node01/\(Ingredients.plan.name)\(made.disk(name))")
                    #expect(made.before[name]?.difference(from: tree) == "", "\(name)")
                }
            }
            try await cluster.store.put(file: file, record)
        }
    }
}
