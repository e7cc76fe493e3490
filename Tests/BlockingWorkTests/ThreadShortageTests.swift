// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BlockingWork

/// As where `TasksMax` is reached: no thread can be had.
@Suite(.timeLimit(.minutes(1))) struct ThreadShortageTests {
    private static let tooMuch = 1 << 60

    @Test func `work for which there is no thread is an error of that work`() async throws {
        await ThreadStack.$byteCount.withValue(Self.tooMuch) {
            await #expect(throws: ThreadShortage()) { try await runBlocking("none") { 1 } }
            await #expect(throws: ThreadShortage()) { try await runBlocking("none", asking: ["/"]) { 1 } }
            let workers = OrderedWorkers<Int, Int>(width: 2, name: "none") { $0 }
            await #expect(throws: ThreadShortage()) { try await workers.put(1) }
            await #expect(throws: ThreadShortage()) { try await workers.take() }
        }
        #expect(try await runBlocking("one") { 1 } == 1)
        #expect(ThreadShortage().description.hasSuffix("before the start."))
    }

    @Test func `a look for which there is no thread is made all the same`() {
        let found = ThreadStack.$byteCount.withValue(Self.tooMuch) {
            PatientLook.all(["/", "/etc"], what: "none", limit: .seconds(20)) { $0.utf8.count }
        }
        #expect(found == ["/": 1, "/etc": 4])
    }
}
