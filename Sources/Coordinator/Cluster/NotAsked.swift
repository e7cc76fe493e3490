// SPDX-License-Identifier: Apache-2.0

import Descriptors
import Faults

/// An agent that nobody asked, since this machine had no descriptors or memory left for a connection: that says nothing of the node.
struct NotAsked: Fault {
    /// How the text calls it: `the agent at 192.0.2.1:7443`.
    let agent: String
    /// The kernel's reason (`errno`).
    let number: Int32

    var facts: String { "\(agent) was not asked: this machine has \(SystemReason.text(number))" }
    var hint: String? { SystemReason.hint(number) }
}
