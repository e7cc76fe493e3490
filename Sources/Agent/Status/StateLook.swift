// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files

/// Whether jobs could be written down, without which none begins.
enum StateLook {
    /// Writes a small file where the jobs are, and takes it away again.
    ///
    /// - Returns: nil: they could.
    static func fault(in directory: String, node: String) async -> WireError? {
        do {
            try await runBlocking("state-look") {
                try FileSystem.tryWriting(in: directory)
            }
            return nil
        } catch {
            var fault = WireError(cause: error, node: node)
            fault.hint =
                fault.hint ?? "let amfleetd write there, or let stateDirectory in agent.json lead elsewhere."
            return fault
        }
    }
}
