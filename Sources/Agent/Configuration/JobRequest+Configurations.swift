// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension JobRequest {
    /// Whatever the job is.
    var configurations: [ConfigurationChoice] {
        switch order {
        case .backup(let order): order.configurations
        case .restore(let order): order.configurations
        case .flush(let order): order.configurations
        case .accept(let order): order.configurations
        }
    }
}
