// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// One configuration, ten runs, the two programs in turn.
    @Suite(.serialized, .long, .needs(Machine.cluster + Machine.amanda), .arranged(InterchangeBench.self))
    struct Alternating {
        @Test(.timeLimit(.minutes(20)))
        func `ten runs in turn are each restored by both, and the catalogs never disagree`() async throws {
            let bench = try Arranged.as(InterchangeBench.self)
            var plan = ConfigurationPlan(
                name: StockAmanda.newName("turns"), compress: "client fast", blockSize: "5 megabytes")
            (plan.tapecycle, plan.dumpcycle, plan.isRecorded) = (10, 30, true)
            plan.globalLines = ["bumpsize 1 kbytes", "bumppercent 0", "bumpdays 1", "bumpmult 1"]
            let (tree, turns) = try await bench.begin(plan, kind: "turns")
            defer { turns.amanda.remove() }
            var runs: [String] = []
            var states: [TreeManifest] = []
            for number in 0..<10 {
                if number > 0 {
                    try await script(
                        "echo \(number) >>\"$1/stays\"; date >\"$1/run-\(number)\"; rm -f \"$1/run-\(number - 2)\"; sleep 1.1",
                        [tree.directory])
                }
                if number == 4 { _ = try await turns.amanda.tool("amadmin", "force-bump", "localhost") }
                if number == 7 { _ = try await turns.amanda.tool("amadmin", "force", "localhost") }
                states.append(try await TreeManifest(of: tree.directory))
                runs.append(try await turns.dump(by: number % 2 == 0 ? .amfleet : .stock))
                try await agree(turns, runs)
                LongTests.tell("run \(number) in turn")
            }
            let levels = try await levels(turns, runs)
            #expect(levels[0] == 0 && levels[7] == 0 && levels[4] == levels[3] + 1, "\(levels)")
            #expect(levels.count { $0 == 0 } == 2, "\(levels)")
            for (number, run) in runs.enumerated() {
                LongTests.tell("run \(number) in turn, restored")
                let byAmfleet = try await turns.restoreByAmfleet(run)
                #expect(
                    states[number].difference(from: byAmfleet) == "", "run \(number), level \(levels[number])"
                )
                let byStock = try await turns.restoreByStock(chain(to: number, levels).map { runs[$0] })
                #expect(
                    states[number].difference(from: byStock) == "", "run \(number), level \(levels[number])")
            }
        }

        /// Every run stands in every list once, none has failed, and curinfo knows the newest of each level.
        private func agree(_ turns: Turns, _ runs: [String]) async throws {
            let found = try await turns.found()
            #expect(Set(found.map(\.run)) == Set(runs))
            #expect(found.allSatisfy { $0.status == "OK" }, "\(found)")
            let directory = turns.cluster.nodes[0].directory(of: turns.amanda.configuration)
            let tapelist = try String(contentsOfFile: "\(directory)/tapelist", encoding: .utf8)
            #expect(tapelist.split(separator: "\n").map { String($0.prefix(14)) } == runs.reversed())
            let info = try await turns.amanda.tool("amadmin", "info", "localhost")
            let labels = tapelist.split(separator: "\n").map { $0.split(separator: " ")[1] }
            #expect(info.contains(labels[0]), "\(info)")
        }

        private func levels(_ turns: Turns, _ runs: [String]) async throws -> [Int] {
            let found = try await turns.found()
            return runs.map { run in found.first { $0.run == run }?.level ?? -1 }
        }

        /// The runs that a restore of one unpacks: the newest of each lower level before it.
        private func chain(to number: Int, _ levels: [Int]) -> [Int] {
            var chain = [number]
            for earlier in (0..<number).reversed() {
                guard let last = chain.last, levels[last] > 0 else { break }
                if levels[earlier] < levels[last] { chain.append(earlier) }
            }
            return chain.reversed()
        }
    }
}
