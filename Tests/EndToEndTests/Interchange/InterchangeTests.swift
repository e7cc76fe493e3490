// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

extension EndToEnd {
    /// What one program writes the other restores, identical: the combinations that bring most values together, or all of them
    /// (`ci/test --all`, `ci/matrix`).
    @Suite(
        .serialized, .needs(Machine.cluster + Machine.amanda + ["zstd", "aespipe", "uuencode", "gpg"]),
        .arranged(InterchangeBench.self))
    struct Interchange {
        static let cases = LongTests.whole(
            InterchangeCase.complete, or: few,
            leavingOut:
                "all \(InterchangeCase.complete.count) combinations of Interchange, but for \(few.count)"
        )
        /// Those that bring most values together.
        private static let few = Array(InterchangeCase.few.prefix(2))

        @Test(.timeLimit(.minutes(5)), arguments: cases)
        func `what one program writes the other restores, identical`(
            one: InterchangeCase
        ) async throws {
            let bench = try Arranged.as(InterchangeBench.self)
            let plan = one.plan(StockAmanda.newName(one.key))
            let (tree, turns) = try await bench.begin(
                plan, kind: one.key, filterGrumbles: one.encryption == .ossl)
            defer { turns.amanda.remove() }
            var runs: [String] = []
            var states: [TreeManifest] = []
            for level in 0...one.level {
                if level > 0 { try await tree.step(level) }
                if level == 2 { _ = try await turns.amanda.tool("amadmin", "force-bump", "localhost") }
                states.append(try await TreeManifest(of: tree.directory))
                runs.append(try await turns.dump(by: one.writer))
                #expect(try await turns.found().filter { $0.run == runs[level] }.map(\.level).max() == level)
            }
            for level in LongTests.areWanted ? Array(0...one.level) : [one.level] {
                let restored =
                    switch one.writer {
                    case .amfleet: try await turns.restoreByStock(Array(runs[...level]))
                    case .stock: try await turns.restoreByAmfleet(runs[level])
                    }
                let difference = states[level].difference(from: restored)
                #expect(difference == "")
                print(
                    "interchange: \(one.writer.rawValue) | \(one.compression.rawValue) | \(one.encryption.rawValue) | "
                        + "\(one.layout.rawValue) | level \(level) | \(difference.isEmpty ? "identical" : "DIFFERS")"
                )
            }
        }
    }
}
