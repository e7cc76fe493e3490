// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd.SmallClusterTests {
    /// Configuration and settings that cannot be used: refused before the first byte, with place, reason and remedy.
    @Suite(.serialized) struct BadInputTests {
        /// A change to a working configuration, and what the refusal must say.
        struct Flaw: Sendable, CustomStringConvertible {
            let description: String
            /// What is replaced in `amanda.conf`, and by what.
            var change: (String, String)?
            var disklist: String?
            /// The beginning of the line of `amanda.conf` that must be blamed.
            var line: String?
            let texts: [String]
        }

        static let flaws = [
            Flaw(
                description: "a brace never closed, at the line that opened it",
                change: ("    record no\n}\n", "    record no\n"), line: "define dumptype archive",
                texts: ["{"]),
            Flaw(
                description: "NB_THREADDS_BACKUP",
                change: ("NB_THREADS_BACKUP", "NB_THREADDS_BACKUP"),
                line: "    device-property \"NB_THREADDS_BACKUP\"",
                texts: ["NB_THREADDS_BACKUP", "NB_THREADS_BACKUP"]),
            Flaw(
                description: "holdingdisk hd 1{",
                change: ("define tapetype S3 {", "holdingdisk hd 1{\n    use 1 Gb\n}\ndefine tapetype S3 {"),
                line: "holdingdisk hd 1{", texts: ["hd"]),
            Flaw(
                description: "a disklist entry with an unknown dumptype",
                disklist: "localhost /srv/data archiv\n", texts: ["disklist:1", "archiv", "archive"]),
            Flaw(
                description: "a host that is not this node",
                disklist: "db7.example.com /srv/data archive\n",
                texts: ["disklist:1", "db7.example.com", "node01"]),
            Flaw(
                description: "a dumpuser that does not exist",
                change: ("dumpuser \"backup\"", "dumpuser \"amandabackup\""),
                texts: ["dumpuser", "amandabackup"]),
        ]

        @Test(arguments: flaws) func `amanda.conf or disklist with`(_ flaw: Flaw) async throws {
            let made = try Arranged.as(SmallCluster.self)
            let directory = made.node.directory(of: "flawed")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var text = ConfigurationPlan(name: "flawed")
                .text(node: made.node.name, directory: directory, store: made.node.store)
            if let (old, new) = flaw.change {
                try #require(text.contains(old))
                text = text.replacingOccurrences(of: old, with: new)
            }
            try await made.node.configure(
                "flawed", text: text, disklist: flaw.disklist ?? "localhost \(made.node.data) archive\n")
            let file = try made.cluster.clusterFile("flawed") {
                $0.set("configurations", "data", to: ["flawed"])
            }

            let result = try await made.cluster.amfleet(["backup", "--cluster", file])

            #expect(result.exit == 2, "\(result)")
            #expect(result.errors.contains("node01"), "\(result)")
            if let line = flaw.line {
                let number = try #require(
                    text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
                        $0.hasPrefix(line)
                    })
                #expect(result.errors.contains("amanda.conf:\(number + 1):"), "\(result)")
            }
            for text in flaw.texts { #expect(result.errors.contains(text), "\(text) in \(result)") }
            let volume = "\(TestCluster.prefix)/\(made.node.name)/flawed/"
            #expect(try await made.cluster.store.keys(volume).isEmpty)
        }

        /// Each fault with its own place and hint, whoever is asked.
        @Test func `two configurations with two faults each are four faults everywhere`() async throws {
            let made = try Arranged.as(SmallCluster.self)
            let names = ["flawed1", "flawed2"]
            defer {
                for name in names {
                    try? FileManager.default.removeItem(atPath: made.node.directory(of: name))
                }
            }
            var places: [String] = []
            for name in names {
                let directory = made.node.directory(of: name)
                let text = ConfigurationPlan(name: name)
                    .text(node: made.node.name, directory: directory, store: made.node.store)
                    .replacingOccurrences(of: "inparallel ", with: "inparalel ")
                    .replacingOccurrences(of: "runtapes ", with: "runtaps ")
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                for flaw in ["inparalel ", "runtaps "] {
                    let number = try #require(lines.firstIndex { $0.contains(flaw) }) + 1
                    places.append("\(directory)/amanda.conf:\(number)")
                }
                try await made.node.configure(
                    name, text: text, disklist: "localhost \(made.node.data) archive\n")
            }
            let file = try made.cluster.clusterFile("flawed-twice") {
                $0.set("configurations", "data", to: names)
            }
            for verb in ["status", "plan", "backup"] {
                let result = try await made.cluster.amfleet([verb, "--cluster", file, "--json"])
                let text = try await made.cluster.amfleet([verb, "--cluster", file])
                let lines = (verb == "status" ? text.output : text.errors).split(separator: "\n")
                for place in places {
                    let index = try #require(
                        lines.firstIndex { $0.contains("\(place): ") }, "\(place) in \(text)")
                    #expect(lines[index...].dropFirst().first?.contains("hint: write ") == true, "\(text)")
                }
                let document = try #require(
                    try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
                let list = document[verb == "status" ? "findings" : "errors"] as? [[String: Any]] ?? []
                let told = list.compactMap { $0["place"] as? [String: Any] }.map {
                    "\($0["file"] ?? ""):\($0["line"] ?? "")"
                }
                #expect(told.filter(places.contains).sorted() == places.sorted(), "\(verb): \(result)")
            }
        }

        @Test func `cluster.json with a wrong type names the field's path`() async throws {
            let result = try await refused { $0["nodes"] = [["name": "node01", "address": 7443]] }
            #expect(result.errors.contains("'nodes[0].address' must be a string"), "\(result)")
        }

        @Test func `cluster.json with an unknown key names the nearest`() async throws {
            let result = try await refused { $0.set("storage", "endpiont", to: "http://127.0.0.1:1") }
            #expect(result.errors.contains("storage.endpiont"), "\(result)")
            #expect(result.errors.contains("'endpoint'"), "\(result)")
        }

        @Test func `cluster.json with the same node twice names it`() async throws {
            let result = try await refused {
                $0["nodes"] = [
                    ["name": "node01", "address": "127.0.0.1:7443"],
                    ["name": "node01", "address": "127.0.0.1:7444"],
                ]
            }
            #expect(result.errors.contains("nodes[1].name") && result.errors.contains("node01"), "\(result)")
        }

        private func refused(_ change: (inout [String: Any]) -> Void) async throws -> CommandResult {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let file = try cluster.clusterFile("unusable", change)
            let result = try await cluster.amfleet(["backup", "--cluster", file])
            #expect(result.exit == 2, "\(result)")
            #expect(result.errors.contains("unusable.json:"), "\(result)")
            return result
        }
    }
}
