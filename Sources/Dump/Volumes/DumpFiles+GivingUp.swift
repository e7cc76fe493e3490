// SPDX-License-Identifier: Apache-2.0

import BlockingWork

extension DumpFiles {
    /// How long aborting uploads and marking headers may take after a failure or a cancellation.
    private static let cleanUpLimit = Duration.seconds(30)

    /// `giveUp` in a task of its own, because a cancelled task's requests are cancelled too; ends in bounded time.
    ///
    /// - Returns: what could not be done, for notes.
    nonisolated func giveUpInTime() async -> [String] {
        let notes = await Task {
            try? await withTimeLimit(Self.cleanUpLimit) { await self.giveUp() }
        }.value
        return notes ?? ["\(DumpError.cleanUpTimedOut(limit: Self.cleanUpLimit))"]
    }
}
