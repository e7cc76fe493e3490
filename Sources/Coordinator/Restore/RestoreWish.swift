// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What of which run a restore is asked for, and which machines get it.
struct RestoreWish: Sendable {
    /// The machines, and the configurations.
    var selection: Selection
    var map = NodeMap.none
    /// nil: the newest run that is complete and whose volumes still bear it.
    var run: RunName?
    /// Without `run`: none that is younger.
    var moment: RunMoment?
    /// Whether another run's self-backup may stand for one that is not whole.
    var replacesSelfBackup = false

    /// The same for some of the machines.
    func of(_ nodes: some Sequence<String>) -> RestoreWish {
        var wish = self
        wish.selection.nodes = Array(nodes)
        return wish
    }

    /// Whose data are asked for.
    var sources: Set<String> { Set(selection.nodes.map { map.source(of: $0) }) }
}
