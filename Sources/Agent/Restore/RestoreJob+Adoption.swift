// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork

/// What came back must run here: host names of another time are mended where the order says so, and named otherwise.
extension RestoreJob {
    /// - Returns: what could not be mended.
    func adopt(_ report: inout RestoreReport) async throws -> [WireError] {
        guard order.directory == nil else { return [] }
        let adoption = HostAdoption(settings: settings)
        let names = order.configurations.map(\.name)
        let outcomes = try await runBlocking("adoption", asking: [settings.amandaDirectory]) { [order] in
            order.adopts == true ? adoption.adopt(names) : adoption.look(at: names)
        }
        let remarks = outcomes.flatMap(\.remarks)
        for remark in remarks { await reporter.note(remark) }
        if !remarks.isEmpty { report.notes = (report.notes ?? []) + remarks }
        return outcomes.compactMap(\.fault)
    }
}
