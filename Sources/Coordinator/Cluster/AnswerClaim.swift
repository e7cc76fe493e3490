// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Whether an answer is of what was asked: of this node, and of every configuration that the question names. Nothing of a configuration
/// is no good word of it.
enum AnswerClaim {
    /// Why it is not; nil: it is.
    ///
    /// - Parameters:
    ///   - answerer: who the answer says that it is.
    ///   - asked: names of configurations.
    static func fault(
        by answerer: String, of answered: [String] = [], asked: [String] = [], node: String
    ) -> WireError? {
        guard answerer == node else {
            return WireError(.authentication, node: node, "the agent answers as '\(JobClaim.told(answerer))'")
        }
        guard let unsaid = asked.first(where: { !answered.contains($0) }) else { return nil }
        return WireError(
            .failed, node: node, "the agent's answer says nothing of configuration '\(unsaid)'",
            hint: "look at amfleetd's log on the node, and that no other program answers at its address.")
    }
}
