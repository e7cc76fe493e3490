// SPDX-License-Identifier: Apache-2.0

extension DumpFiles {
    /// How long aborting uploads and marking headers may take after a failure or a cancellation.
    private static let cleanUpLimit = Duration.seconds(30)

    /// `giveUp` in a task of its own, because a cancelled task's requests are cancelled too; ends in bounded time.
    ///
    /// - Returns: what could not be done, for notes.
    nonisolated func giveUpInTime() async -> [String] {
        let notes = await Task {
            await withLimit(Self.cleanUpLimit) { await self.giveUp() }
        }.value
        return notes ?? ["\(DumpError.cleanUpTimedOut(limit: Self.cleanUpLimit))"]
    }
}

/// nil if `limit` passed first; the work is cancelled then and awaited.
private func withLimit<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await work() }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
}
