// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension RestoreOrder {
    /// What makes two orders the same restore, which goes on where the other stopped: all but how it came to be asked for.
    var undertaking: RestoreOrder {
        var order = self
        order.continues = nil
        order.awaitsSecrets = nil
        order.overwritesKeys = nil
        order.acceptedKeys = nil
        order.commands = nil
        order.adopts = nil
        return order
    }
}
