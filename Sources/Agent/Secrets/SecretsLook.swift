// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension NodeSecrets {
    /// The state of this node's secrets now, beside what was sealed last. Local files only; blocks, within a bound.
    init(_ configurations: [CheckedConfiguration], _ settings: AgentSettings) {
        let inventory = SecretInventory(configurations, settings)
        let reading = SecretReading(inventory, configurations, settings)
        let memory = SealingMemory.load(settings.stateDirectory)
        self.init(
            run: memory?.sealed.run, recipients: memory?.sealed.recipients ?? [],
            changed: memory?.changes(reading.files, seenBy: configurations, settings) ?? [],
            problems: inventory.faults(reading, node: settings.node)
                + inventory.unknownFaults(node: settings.node))
        unsealedCredentials = UnsealedCredentials.origin(configurations, reading.files)
        if let number = memory?.sealed.version?.number, number > 1 { self.number = number }
    }
}
