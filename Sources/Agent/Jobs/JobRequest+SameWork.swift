// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension JobRequest {
    /// Whether both ask for the same: who asks, how often and with which fence may differ, and what goes with the order for
    /// judging it.
    func isSameWork(as other: JobRequest) -> Bool {
        run == other.run && node == other.node && cluster == other.cluster && storage == other.storage
            && order.work == other.order.work
    }
}

extension JobOrder {
    /// What is to be done.
    fileprivate var work: JobOrder {
        guard case .backup(var order) = self else { return self }
        order.plausibility = nil
        order.recentRuns = nil
        return .backup(order)
    }
}
