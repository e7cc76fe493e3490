// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Files

/// Names at the top of a dump with includes that its older levels bring and its newest does not know.
///
/// Such an archive has no record of the directory itself, so tar cannot delete them there.
struct DeletedNames: Sendable, Equatable {
    /// Below the directory, without `./`.
    var own: [String] = []
    /// Those that the newest dump of another disk of the directory holds now.
    var ofOthers: [String] = []

    /// Removes them. Every call blocks, as long as their trees take.
    ///
    /// - Parameter isShared: other disks have been restored there: what is theirs stays.
    func remove(in directory: OpenDirectory, isShared: Bool) throws {
        let spared = Set(isShared ? ofOthers.map(\.amandaBytes) : [])
        for name in own.map(\.amandaBytes) where !spared.contains(name) {
            try directory.removeTree(name)
        }
    }
}

extension RestoreStep {
    /// Finds them, once the steps are known that share the directory.
    mutating func nameDeleted(beside steps: [RestoreStep]) {
        guard disk.dumps.count > 1, let newest = disk.dumps.last, plans.last?.hasIncludes == true else {
            return
        }
        let older = disk.dumps.dropLast()
        let known = older.compactMap(\.selection)
        if let selection = newest.selection { deletedNames.own = selection.missing(of: known) }
        if newest.selection == nil || known.count < older.count {
            notes.append(
                "the names that its includes found are not recorded for every level, as in stock Amanda's dumps: what was deleted "
                    + "of them since the full dump is back")
        }
        let others = steps.filter { $0.target == target && $0.disk.name != disk.name }
        let parts = others.map { SelectedPart($0.disk.selection) }
        deletedNames.ofOthers = deletedNames.own.filter { name in parts.contains { $0.holds(name) } }
    }
}
