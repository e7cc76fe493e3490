// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A disk inside another, where the outer one has a link in its place: `outer/home` leads to `live/home`.
struct NestedDisks: Arrangement {
    static let plan = ConfigurationPlan(
        name: StockAmanda.newName("nested"), dumpcycle: 7, isRecorded: true,
        dumptypeLines: ["maxpromoteday 0", "exclude \"./another\""])
    /// The inner disk alone, in a configuration of its own.
    static let other = ConfigurationPlan(name: StockAmanda.newName("inner"))

    let cluster: TestCluster
    var node: ClusterNode { cluster.nodes[0] }
    var outer: String { "\(node.data)/outer" }
    var live: String { "\(node.data)/live" }

    static func arrange() async throws -> NestedDisks {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [plan.name, other.name])
        let made = NestedDisks(cluster: cluster)
        do {
            try await made.grow()
            let node = made.node
            try await node.configure(
                plan, disks: [made.outer, "\(made.outer)/home", "\(made.outer)/deep/disk"])
            try await node.configure(other, disks: ["\(made.outer)/another"])
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
            try await cluster.startAgents()
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            try write("second\n", to: "\(made.live)/home/file")
            try write("new\n", to: "\(made.outer)/new")
            try FileManager.default.removeItem(atPath: "\(made.outer)/goes")
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            return made
        } catch {
            await cluster.remove()
            throw error
        }
    }

    private func grow() async throws {
        try await script(
            """
            mkdir -p "$1/outer/deep/disk" "$1/outer/another" "$1/live/home"
            ln -s "$1/live/home" "$1/outer/home"
            echo first > "$1/live/home/file"; echo goes > "$1/outer/goes"; echo plain > "$1/outer/plain"
            echo deep > "$1/outer/deep/disk/file"; echo beside > "$1/outer/deep/beside"
            echo another > "$1/outer/another/file"
            """, [node.data])
    }

    func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    func isLink(_ path: String) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
    }

    func restore(_ more: [String]) async throws -> CommandResult {
        try await cluster.amfleet(["restore", "--configuration", Self.plan.name] + more)
    }

    func remove() async { await cluster.remove() }
}

extension EndToEnd {
    /// Each disk comes back into its own directory, whatever the disk around it has in its place.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(NestedDisks.self), .timeLimit(.minutes(5)))
    struct NestedDiskTests {
        @Test func `with --to a link that the outer disk brings is never followed`() async throws {
            let made = try Arranged.as(NestedDisks.self)
            try write("live\n", to: "\(made.live)/home/file")
            let target = "\(made.cluster.directory)/check"

            let result = try await made.restore(["--to", target])

            #expect(result.exit == 0, "\(result)")
            #expect(try made.read("\(made.live)/home/file") == "live\n")
            let top = "\(target)/node01/\(NestedDisks.plan.name)\(made.outer)"
            #expect(try made.read("\(top)/home/file") == "second\n")
            #expect(!made.isLink("\(top)/home"))
            #expect(
                result.text.contains("'./home', a link to '\(made.live)/home', was left out"), "\(result)")
            #expect(try made.read("\(top)/new") == "new\n")
            #expect(!FileManager.default.fileExists(atPath: "\(top)/goes"))
            #expect(try made.read("\(top)/deep/disk/file") == "deep\n")
            #expect(try made.read("\(top)/deep/beside") == "beside\n")
        }

        @Test func `a link that lies below --to already is refused, and nothing is written`() async throws {
            let made = try Arranged.as(NestedDisks.self)
            let target = "\(made.cluster.directory)/linked"
            let top = "\(target)/node01/\(NestedDisks.plan.name)\(made.node.data)"
            try await script(
                "mkdir -p \"$1\" \"$2/victim\"; ln -s \"$2/victim\" \"$1/outer\"", [top, target])

            let result = try await made.restore(["--to", target, "--overwrite"])

            #expect(result.exit == 1, "\(result)")
            #expect(result.text.contains("'\(top)/outer' is a symbolic link"), "\(result)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(target)/victim").isEmpty)
        }

        @Test func `in place a link that is there already leads to the disk, and stays`() async throws {
            let made = try Arranged.as(NestedDisks.self)
            try write("spoiled\n", to: "\(made.live)/home/file")

            let result = try await made.restore(["--overwrite"])

            #expect(result.exit == 0, "\(result)")
            #expect(made.isLink("\(made.outer)/home"))
            #expect(try made.read("\(made.live)/home/file") == "second\n")
        }

        @Test func `--delete of the outer disk leaves the directories of others alone`() async throws {
            let made = try Arranged.as(NestedDisks.self)
            try write("mine\n", to: "\(made.outer)/another/file")
            try write("extra\n", to: "\(made.outer)/extra")

            let result = try await made.restore(["--overwrite", "--delete"])

            #expect(result.exit == 0, "\(result)")
            #expect(try made.read("\(made.outer)/another/file") == "mine\n")
            #expect(!FileManager.default.fileExists(atPath: "\(made.outer)/extra"))
            #expect(try made.read("\(made.outer)/deep/disk/file") == "deep\n")
        }

        @Test func `on an empty machine the inner disk has a directory, and the link is left out`()
            async throws
        {
            let made = try Arranged.as(NestedDisks.self)
            try FileManager.default.removeItem(atPath: made.outer)
            try FileManager.default.removeItem(atPath: made.live)

            let result = try await made.restore([])

            #expect(result.exit == 0, "\(result)")
            #expect(!made.isLink("\(made.outer)/home"))
            #expect(try made.read("\(made.outer)/home/file") == "second\n")
            #expect(!FileManager.default.fileExists(atPath: made.live))
        }
    }
}
