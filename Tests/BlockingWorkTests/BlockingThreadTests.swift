// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Testing

@Suite struct BlockingThreadTests {
    @Test func `a task that waits by itself ends a program that enforces it`() async {
        await #expect(processExitsWith: .failure) {
            BlockingThread.enforce()
            BlockingThread.require("wait for", "a disk")
        }
    }

    @Test func `a thread of its own may wait, and so may what an executor says of its own`() async {
        await #expect(processExitsWith: .success) {
            BlockingThread.enforce()
            try await runBlocking("work") { BlockingThread.require("wait for", "a disk") }
            BlockingThread.here { BlockingThread.require("wait for", "a disk") }
        }
    }

    @Test func `cleans up after a failure too, and then throws it`() async {
        struct Broken: Error {}
        var steps: [String] = []
        await #expect(throws: Broken.self) {
            try await withCleanUp({ steps.append("clean") }) {
                steps.append("work")
                throw Broken()
            }
        }
        #expect(steps == ["work", "clean"])
    }
}
