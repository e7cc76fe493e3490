// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Files as editors of other systems leave them, and what amfleet says of them.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(SmallCluster.self), .timeLimit(.minutes(9)))
    struct HiddenCharacterTests {
        /// Writes a file of the node's configuration in another form while `work` runs.
        private func with(
            _ file: String, as change: (Data) -> Data, _ work: (TestCluster, String) async throws -> Void
        ) async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let path = "\(cluster.nodes[0].directory(of: "vertica"))/\(file)"
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            // In place, so that it stays the dumpuser's.
            func put(_ data: Data) throws {
                let handle = try #require(FileHandle(forWritingAtPath: path))
                try handle.truncate(atOffset: 0)
                try handle.write(contentsOf: data)
                try handle.close()
            }
            try put(change(before))
            do {
                try await work(cluster, path)
            } catch {
                try put(before)
                throw error
            }
            try put(before)
        }

        /// The command behind `run: ` in a hint.
        private func mend(in text: String) throws -> String {
            try String(#require(text.firstMatch(of: #/hint: run: (.+)/#)?.1))
        }

        @Test(arguments: ["disklist", "amanda.conf"], [true, false])
        func `a byte order mark and UTF-16 are refused with the command that mends them`(
            file: String, isWide: Bool
        ) async throws {
            let change: (Data) -> Data = { data in
                isWide
                    ? Data([0xFF, 0xFE]) + Data(data.flatMap { [$0, 0] }) : Data([0xEF, 0xBB, 0xBF]) + data
            }
            try await with(file, as: change) { cluster, path in
                for verb in ["plan", "backup"] {
                    let refused = try await cluster.amfleet([verb])
                    #expect(refused.exit == 2, "\(refused)")
                    #expect(refused.text.contains("\(path):1:1: the file "), "\(refused)")
                    #expect(
                        refused.text.contains(isWide ? "UTF-16" : "byte order mark (U+FEFF)"), "\(refused)")
                    #expect(refused.text.components(separatedBy: "hint: run: ").count == 2, "\(refused)")
                }
                try await script(try mend(in: cluster.amfleet(["plan"]).text), [])
                let mended = try await cluster.amfleet(["plan"])
                #expect(mended.exit == 0, "\(mended)")
            }
        }

        @Test func `a hidden character in an entry is named and never printed`() async throws {
            try await with(
                "disklist", as: { Data("local\u{200B}host ".utf8) + $0.drop { $0 != 0x20 }.dropFirst() }
            ) {
                cluster, path in
                let refused = try await cluster.amfleet(["plan"])
                #expect(refused.exit == 2, "\(refused)")
                #expect(
                    refused.text.contains("\(path):1:6: U+200B ZERO WIDTH SPACE stands here"), "\(refused)")
                #expect(!refused.text.unicodeScalars.contains("\u{200B}"))
            }
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let unknown = try await cluster.amfleet(["plan", "--node", "node01\u{202E}"])
            #expect(unknown.exit == 2 && unknown.text.contains("node01<U+202E>"), "\(unknown)")
            #expect(!unknown.text.unicodeScalars.contains("\u{202E}"))
        }

        @Test func `line ends of another system are no fault`() async throws {
            let change: (Data) -> Data = { Data($0.flatMap { $0 == 10 ? [13, 10] : [$0] }) }
            try await with("amanda.conf", as: change) { cluster, _ in
                try await with("disklist", as: change) { _, _ in
                    let plan = try await cluster.amfleet(["plan"])
                    #expect(plan.exit == 0, "\(plan)")
                }
            }
        }

        @Test func `cluster json and credentials with a byte order mark are read`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let mark = Data([0xEF, 0xBB, 0xBF])
            let credentials = "\(cluster.coordinatorDirectory)/marked-credentials"
            let own = "\(cluster.coordinatorDirectory)/s3-credentials"
            try (mark + Data(contentsOf: URL(fileURLWithPath: own))).write(
                to: URL(fileURLWithPath: credentials))
            let file = try cluster.clusterFile("marked") {
                $0.set("storage", "credentialsFile", to: "marked-credentials")
            }
            try (mark + Data(contentsOf: URL(fileURLWithPath: file))).write(to: URL(fileURLWithPath: file))
            let list = try await cluster.amfleet(["list", "--cluster", file])
            #expect(list.exit == 0 || list.exit == 7, "\(list)")
        }
    }
}
