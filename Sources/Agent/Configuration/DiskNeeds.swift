// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files

/// What disks need of this node: their directories, the lists of their excludes and includes, programs that compress or encrypt, keys,
/// script-tools; and the holding disks. Looks, and runs nothing.
///
/// The one answer of `plan` and `status`: what a dump would fail of, or be STRANGE.
struct DiskNeeds {
    private let entries: [DisklistEntry]
    private let looks: [DiskName: DiskLook]
    private let silent: [DiskName: HangFault]
    private let holdingDisks: [HoldingDisk]
    /// Why each holding disk cannot be used; a missing one did not answer.
    private let holdingLooks: [String: String?]
    private let dumpuser: UserAccount
    private let node: String
    /// Why the agent's own directory has no room for a disk's dump.
    private let roomFaults: [DiskName: DumpError]

    /// Those that can be looked into.
    var answeringHoldingDisks: [HoldingDisk] { holdingDisks.filter { holdingLooks[$0.directory] != nil } }

    /// Of disks whose dumptype is refused, nothing more is said. Blocks, within a bound.
    init(
        _ entries: [DisklistEntry], _ looks: DiskLooks, holdingDisks: [HoldingDisk],
        dumpuser: UserAccount, stateDirectory: String, node: String
    ) {
        self.entries = entries.filter(\.dumptype.refusals.isEmpty)
        self.looks = looks.looks
        silent = looks.silent
        self.holdingDisks = holdingDisks
        let byDirectory = Dictionary(
            holdingDisks.map { ($0.directory, $0) }, uniquingKeysWith: { first, _ in first })
        holdingLooks = PatientLook.all(
            Array(byDirectory.keys), what: "holding-look", limit: DiskLook.limit
        ) { directory in byDirectory[directory].flatMap { HoldingArea.fault(of: $0, to: dumpuser) } }
        self.dumpuser = dumpuser
        self.node = node
        roomFaults = Self.roomFaults(self.entries, in: stateDirectory)
    }

    private static func roomFaults(
        _ entries: [DisklistEntry], in stateDirectory: String
    ) -> [DiskName: DumpError] {
        let byDirectory = Dictionary(grouping: entries) { DumpPlaces($0).snapshots[0] }
        let room = StateRoom(stateDirectory)
        let looks = PatientLook.all(Array(byDirectory.keys), what: "room-look", limit: DiskLook.limit) {
            room.faults(of: (byDirectory[$0] ?? []).map { (DLEDescription($0), $0.host) })
        }
        var faults: [DiskName: DumpError] = [:]
        for (directory, entries) in byDirectory {
            for (entry, fault) in zip(entries, looks[directory] ?? []) { faults[entry.name] = fault }
        }
        return faults
    }

    /// What their dumps will say, each once. Blocks, within a bound.
    var faults: [WireError] {
        var seen: Set<String> = []
        let programs = (filterFaults + scriptFaults).map { WireError(cause: $0, node: node) }
        return (entries.flatMap(lookFaults) + programs + holdingFaults).filter {
            seen.insert("\($0)").inserted
        }
    }

    /// What is missing and may be brought by a script before the dump, and what nobody sees in lists.
    var remarks: [Remark] {
        var seen: Set<String> = []
        let hidden = entries.flatMap { entry in
            (looks[entry.name]?.hidden ?? []).filter { seen.insert($0).inserted }.map {
                Remark(place: entry.place, $0)
            }
        }
        return missing + hidden
    }

    private var missing: [Remark] {
        entries.filter(\.isPreparedByScripts).compactMap { entry in
            looks[entry.name]?.fault.map { Remark(place: entry.place, "now: \($0.facts)") }
        }
    }

    private func lookFaults(_ entry: DisklistEntry) -> [WireError] {
        func fault(_ facts: String, hint: String?) -> WireError {
            WireError(.failed, node: node, at: entry.place, "'\(entry.diskName)': \(facts)", hint: hint)
        }
        guard let look = looks[entry.name] else {
            let late = silent[entry.name] ?? HangFault(entry.directory, within: DiskLook.limit)
            return [fault(late.facts, hint: late.hint)]
        }
        if let error = look.fault {
            guard !entry.isPreparedByScripts else { return [] }
            return [
                fault(
                    "\(error.facts): its dump would fail",
                    hint: error.hint ?? "mount it, or correct the disklist.")
            ]
        }
        if let error = roomFaults[entry.name] {
            return [fault("\(error.facts): its dump would fail", hint: error.hint)]
        }
        guard !look.strange.isEmpty else { return [] }
        return [
            fault(
                "every dump is STRANGE: \(look.strange.joined(separator: "; "))",
                hint: "make the list, or write 'optional' before its name.")
        ]
    }

    private var holdingFaults: [WireError] {
        holdingDisks.compactMap { disk in
            guard let answer = holdingLooks[disk.directory] else {
                let late = HangFault(disk.directory, within: DiskLook.limit)
                return WireError(
                    .failed, node: node, "holding disk '\(disk.name)': \(late.facts)", hint: late.hint)
            }
            return answer.map {
                WireError(
                    .failed, node: node, $0,
                    hint: "mount it, make the directory, or take the holdingdisk out of amanda.conf.")
            }
        }
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
