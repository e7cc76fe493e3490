// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files

/// What disks need of this node besides their directories: programs that compress or encrypt, keys, script-tools. Looks, and
/// runs nothing.
struct DiskNeeds {
    private let entries: [DisklistEntry]
    private let dumpuser: UserAccount

    /// Of disks whose dumptype is refused, nothing more is said.
    init(_ entries: [DisklistEntry], dumpuser: UserAccount) {
        self.entries = entries.filter(\.dumptype.refusals.isEmpty)
        self.dumpuser = dumpuser
    }

    /// What their dumps will say, each once.
    var faults: [any Error] {
        var seen: Set<String> = []
        return (filterFaults + scriptFaults).filter { seen.insert("\($0)").inserted }
    }

    private var filterFaults: [any Error] {
        entries.flatMap { DLEDescription($0).filterFaults(runningAs: dumpuser) }
    }

    private var scriptFaults: [any Error] {
        entries.flatMap(\.dumptype.scripts).filter(\.isRun).compactMap {
            ScriptRunner.fault(of: $0, as: dumpuser)
        }
    }
}

extension ScriptTool {
    /// Whether a backup calls it at all.
    fileprivate var isRun: Bool {
        points.contains { $0.runs(on: side) && ($0.activity == .backup || $0.activity == .estimate) }
    }
}
