// SPDX-License-Identifier: Apache-2.0

/// Waits until `condition` holds, however long the machine takes; the test's time limit is the only bound.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try await Task.sleep(for: .milliseconds(20))
    }
}
