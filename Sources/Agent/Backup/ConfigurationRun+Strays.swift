// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Logging

/// Uploads that were begun without our learning it.
extension ConfigurationRun {
    /// What cannot be done by then the end of the job tries again.
    private static let strayLimit = Duration.seconds(60)

    /// - Returns: what an operator has to know.
    func abortStrays() async -> [String] {
        do {
            let notes = try await withTimeLimit(Self.strayLimit) { [strays, clients] in
                try await strays.abort { try clients.client(holding: $0, in: $1) }
            }
            return notes ?? []
        } catch {
            logger.info(
                "uploads that may be open are looked for at the job's end", metadata: ["reason": "\(error)"])
            return []
        }
    }
}
