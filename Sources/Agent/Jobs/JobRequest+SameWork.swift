// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension JobRequest {
    /// Whether a request under the same id may be the same job: who asks, how often and with which fence may differ, and what goes with
    /// the order for judging it.
    ///
    /// A further attempt goes where the cluster's data lies now, since a store that was named wrongly, or has moved, is what `retry` is
    /// there for; and a backup's may be of other configurations. What an earlier attempt has stored counts only where it is found.
    func isSameJob(as later: JobRequest) -> Bool {
        guard later.attempt > attempt else { return isSameWork(as: later) }
        return isSamePart(as: later) && order.task == later.order.task
    }

    /// Whether what the one has done is all that the other asks for, in the same place.
    func isSameWork(as later: JobRequest) -> Bool {
        isSamePart(as: later) && storage == later.storage && order.work == later.order.work
    }

    private func isSamePart(as later: JobRequest) -> Bool {
        run == later.run && node == later.node && cluster == later.cluster
    }
}

extension JobOrder {
    /// What is to be done.
    fileprivate var work: JobOrder {
        if case .restore(let order) = self { return .restore(order.undertaking) }
        guard case .backup(var order) = self else { return self }
        order.plausibility = nil
        order.recentRuns = nil
        order.recovery = nil
        return .backup(order)
    }

    /// The same, of whichever configurations a backup is.
    fileprivate var task: JobOrder {
        guard case .backup(var order) = work else { return self }
        order.configurations = []
        return .backup(order)
    }
}
