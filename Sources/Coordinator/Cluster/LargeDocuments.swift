// SPDX-License-Identifier: Apache-2.0

/// Large documents are read one at a time, whoever reads them: so many nodes' records together would not fit.
actor LargeDocuments {
    static let shared = LargeDocuments()

    /// A larger one has to wait for its turn.
    static let smallByteCount = 1 << 20

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func inTurn<Value: Sendable>(_ read: @Sendable () async throws -> Value) async throws -> Value {
        if isTaken {
            await withCheckedContinuation { waiting.append($0) }
        }
        isTaken = true
        defer {
            if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
        }
        try Task.checkCancellation()
        return try await read()
    }
}
