// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension CancelReport: CommandReport {
    public var lines: [String] {
        let jobs = nodes.flatMap { node in
            node.jobs.map { "\(node.node): \($0.kind.text(of: $0.run)) is \($0.state.rawValue)" }
        }
        let errors = nodes.flatMap { RunText.faults($0.faults, on: $0.node) }
        return (jobs.isEmpty && errors.isEmpty ? ["nothing was running"] : jobs + errors)
            + [remark].compactMap { $0 }
    }
}
