// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension NodeEnding {
    /// The same where it is of another node's data.
    func faults(ofOwner owner: String?, for wanted: String) -> [WireError] {
        guard snapshot?.state == .succeeded, let owner, owner != wanted else { return [] }
        return [
            WireError(
                .failed, node: node,
                "the agent says that it is done, but with the data of node '\(owner)': asked for were those of '\(wanted)'",
                hint: "look at amfleetd's log on the node, then run it again.")
        ]
    }

    /// Why the job's report is not believed, where it ended well: it is not there, or another run's.
    func faults(ofReport run: RunName?, for wanted: RunName) -> [WireError] {
        guard snapshot?.state == .succeeded, run != wanted else { return [] }
        let what = run.map { "its report is of run \($0)" } ?? "it gives no report"
        return [
            WireError(
                .failed, node: node, "the agent says that it is done, but \(what): nothing is proved",
                hint: "look at amfleetd's log on the node, then run it again.")
        ]
    }
}
