// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension JobRequest {
    /// Whether both ask for the same: who asks, how often and with which fence may differ.
    func isSameWork(as other: JobRequest) -> Bool {
        run == other.run && node == other.node && cluster == other.cluster && storage == other.storage
            && order == other.order
    }
}
