// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TimeLimitTests {
    @Test func `what takes longer is cancelled, and nil`() async throws {
        let ended: Bool? = try await withTimeLimit(.milliseconds(10)) {
            try? await Task.sleep(for: .seconds(3600))
            #expect(Task.isCancelled)
            return true
        }
        #expect(ended == nil)
    }

    @Test func `what ends in time gives its value or its error`() async throws {
        #expect(try await withTimeLimit(.seconds(3600)) { 5 } == 5)
        await #expect(throws: CancellationError.self) {
            _ = try await withTimeLimit(.seconds(3600)) { throw CancellationError() }
        }
    }
}
