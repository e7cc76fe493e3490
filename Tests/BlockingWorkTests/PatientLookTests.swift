// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct PatientLookTests {
    /// Held by nobody who waits on it, so that a look hangs until the test lets it go.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        let starts = Mutex(0)

        func pass() {
            starts.withLock { $0 += 1 }
            semaphore.wait()
        }

        func open() { semaphore.signal() }
    }

    @Test func `one that hangs keeps nobody, and is not looked at again until it is back`() async throws {
        let gate = Gate()
        let look = { @Sendable (subject: String) -> String in
            if subject == "hangs" { gate.pass() }
            return subject.uppercased()
        }
        func all() async throws -> [String: String] {
            try await runBlocking("looks") {
                PatientLook.all(["a", "hangs", "b"], what: "test", limit: .seconds(2), look)
            }
        }
        #expect(try await all() == ["a": "A", "b": "B"])
        #expect(try await all() == ["a": "A", "b": "B"])
        #expect(gate.starts.withLock { $0 } == 1)
        gate.open()
        while gate.starts.withLock({ $0 }) == 1 {
            try await Task.sleep(for: .milliseconds(20))
            _ = try await all()
        }
        gate.open()
    }

    @Test func `every subject has its answer`() async throws {
        let subjects = (0..<100).map(String.init)
        let found = try await runBlocking("looks") {
            PatientLook.all(subjects, what: "many", limit: .seconds(20)) { Int($0) ?? -1 }
        }
        #expect(found.count == 100 && found["77"] == 77)
    }
}
