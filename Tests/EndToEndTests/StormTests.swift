// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// 15 % of 503 and 5 % of resets on every request of every program: no verb is weaker than a part's upload.
    @Suite(.serialized, .needs(Machine.cluster), .timeLimit(.minutes(90)))
    struct StormTests {
        private static let seeds: [UInt64] = [1, 2, 3, 4, 5]

        @Test(.long) func `every verb ends in a storm as it does without`() async throws {
            let calm = try await StormRound.carriedOut(seed: nil)
            for seed in Self.seeds {
                let storm = try await StormRound.carriedOut(seed: seed)
                #expect(storm.steps.map(\.name) == calm.steps.map(\.name))
                for (storm, calm) in zip(storm.steps, calm.steps) {
                    #expect(
                        storm.result.exit == calm.result.exit, "seed \(seed), \(storm.name): \(storm.result)")
                }
                for (storm, calm) in zip(storm.steps, calm.steps) {
                    let more = storm.lines.subtracting(calm.lines)
                    #expect(more.isEmpty, "seed \(seed), \(storm.name): \(more.sorted())")
                }
                #expect(storm.differences == [])
                #expect(storm.leftovers == [], "seed \(seed)")
                LongTests.tell("storm \(seed): \(storm.struckCount) of \(storm.requestCount) requests")
            }
        }
    }
}
