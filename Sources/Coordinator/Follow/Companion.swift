// SPDX-License-Identifier: Apache-2.0

/// Runs `work` with `companion` beside it, which is cancelled, and awaited, once `work` has ended.
func withCompanion<Value: Sendable>(
    _ companion: @escaping @Sendable () async -> Void, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask {
            await companion()
            return nil
        }
        group.addTask { try await work() }
        var result: Value?
        while let finished = try await group.next() {
            guard let finished else { continue }
            result = finished
            group.cancelAll()
        }
        guard let result else { throw CancellationError() }
        return result
    }
}
