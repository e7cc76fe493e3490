// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension JobRequest {
    /// By which shares dumps are judged; what an order says that is none is passed over.
    var plausibility: Plausibility {
        guard case .backup(let order) = order, let asked = order.plausibility, asked.isPossible else {
            return Plausibility()
        }
        return asked
    }

    /// Runs that the coordinator knows of, at most as many as are looked at.
    var recentRuns: [RunName] {
        guard case .backup(let order) = order else { return [] }
        return Array((order.recentRuns ?? []).filter { $0 < run }.suffix(BackupOrder.recentRunLimit))
    }

    /// Whatever the job is.
    var configurations: [ConfigurationChoice] {
        switch order {
        case .backup(let order): order.configurations
        case .restore(let order), .restorePlan(let order): order.configurations
        case .flush(let order): order.configurations
        case .accept(let order): order.configurations
        }
    }
}
