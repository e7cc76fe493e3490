// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Synchronization
import Testing

@testable import Coordinator

@Suite struct EveryNodeTests {
    @Test(.timeLimit(.minutes(1))) func `reports every node in order, a failed one among them`() async throws
    {
        let outcomes = try await onEveryNode(["a", "b", "c"], width: 2) { node in
            if node == "b" { throw WireError(.failed, "broken") }
            return node.uppercased()
        }
        #expect(outcomes.map(\.node) == ["a", "b", "c"])
        #expect(outcomes.map(\.report) == ["A", nil, "C"])
        #expect(outcomes[1].error == WireError(.failed, node: "b", "broken"))
    }

    @Test(.timeLimit(.minutes(1))) func `never runs more than its width`() async throws {
        let running = Mutex((now: 0, most: 0))
        _ = try await onEveryNode((0..<20).map(String.init), width: 3) { _ in
            running.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
            try await Task.sleep(for: .milliseconds(2))
            running.withLock { $0.now -= 1 }
        }
        #expect(running.withLock(\.most) == 3)
    }

    @Test(.timeLimit(.minutes(1))) func `cancelling ends every node and is thrown, not reported`() async {
        let task = Task {
            try await onEveryNode(["a", "b"], width: 2) { _ in try await Task.sleep(for: .seconds(3600)) }
        }
        task.cancel()
        let error = await #expect(throws: CancellationError.self) { try await task.value }
        #expect(error != nil)
    }

    @Test(.timeLimit(.minutes(1))) func `a companion ends with the work`()
        async throws
    {
        let result = try await withCompanion({ try? await Task.sleep(for: .seconds(3600)) }) { 5 }
        #expect(result == 5)
    }

    @Test(.timeLimit(.minutes(1))) func `what is shielded runs to its end in a cancelled task`() async throws
    {
        let task = Task {
            try? await Task.sleep(for: .seconds(3600))
            return try await shielded {
                try await Task.sleep(for: .milliseconds(5))
                return "done"
            }
        }
        task.cancel()
        #expect(try await task.value == "done")
    }
}
