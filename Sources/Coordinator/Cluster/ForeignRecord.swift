// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What lies in the place of a run's manifest is another run's: it says nothing of this one, and nothing is done by it under either
/// name.
struct ForeignManifest: Fault {
    let key: String
    /// Whose it is.
    let run: RunName

    var kind: FaultKind { .damaged }
    var facts: String { "'\(key)' is the manifest of run \(run)" }
    var hint: String? { "look who wrote it, and take it away if nobody needs it." }
}

/// What lies in the place of a node's record is another one's: it says nothing of this node, however whole it is.
struct ForeignRecord: Fault {
    let key: String
    /// Whose it is.
    let node: String
    let run: RunName

    var kind: FaultKind { .damaged }
    var facts: String { "'\(key)' \(what)" }
    var hint: String? { "look who wrote it; 'amfleet backup' makes a new run." }

    /// Without the object's name.
    var what: String { "is the record of run \(run) of node '\(node)'" }
}
