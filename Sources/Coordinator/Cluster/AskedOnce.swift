// SPDX-License-Identifier: Apache-2.0

/// Values that are asked for once, however many ask for them at the same time.
actor AskedOnce<Key: Hashable & Sendable, Value: Sendable> {
    private var questions: [Key: Task<Value, any Error>] = [:]

    /// - Throws: `CancellationError` where the caller is cancelled; what `ask` throws. Neither is kept: the next one asks again.
    func value(_ key: Key, _ ask: @escaping @Sendable () async throws -> Value) async throws -> Value {
        while true {
            try Task.checkCancellation()
            let question = questions[key] ?? Task { try await ask() }
            questions[key] = question
            do {
                return try await withTaskCancellationHandler {
                    try await question.value
                } onCancel: {
                    question.cancel()
                }
            } catch {
                if questions[key] == question { questions[key] = nil }
                // Somebody else was cancelled, and the question with him.
                guard error is CancellationError, !Task.isCancelled else { throw error }
            }
        }
    }
}
