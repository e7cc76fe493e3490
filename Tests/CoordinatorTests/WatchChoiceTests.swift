// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Which run `watch` joins where nobody names one.
@Suite(.serialized, .enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct WatchChoiceTests {
    @Test func `a run whose manifest cannot be read is not none`() async throws {
        let many = try await ManyRuns(runs: 1, nodes: 1)
        let key = many.direct.layout.manifest(many.runs[0])
        _ = try await many.direct.client.put(key, Array("{".utf8))
        let unread = await #expect(throws: WireJSONError.self) {
            try await WatchCommand(many.cluster).run(nil)
        }
        #expect(unread?.facts.hasPrefix("'\(key)' cannot be read: ") == true)
        try await many.direct.client.delete(key)
        let none = await #expect(throws: CoordinatorError.self) {
            try await WatchCommand(many.cluster).run(nil)
        }
        guard case .noRuns? = none else {
            Issue.record("\(String(describing: none))")
            return
        }
        await many.end()
    }
}
