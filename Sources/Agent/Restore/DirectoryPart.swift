// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// The part of its directory that a disk is, where includes leave only that or other disks of the restore have the rest.
struct DirectoryPart: Sendable {
    /// What its newest dump holds; nil: its includes, of which nobody knows what they found.
    private let own: SelectedPart?
    private let hasIncludes: Bool
    private let others: [SelectedPart]
    /// Names that only its older dumps hold. Raw bytes.
    private let gone: Set<[UInt8]>
    /// Directories above what the includes found, the top first: no archive says what they are. Raw bytes.
    let bare: Set<[UInt8]>

    /// - Parameter step: its deleted names are known.
    /// - Returns: nil where the disk is all of its directory.
    init?(_ step: RestoreStep, beside steps: [RestoreStep]) {
        let others = steps.filter {
            $0.target == step.target
                && ($0.disk.name != step.disk.name
                    || $0.disk.configuration.name != step.disk.configuration.name)
        }
        hasIncludes = step.plans.contains(where: \.hasIncludes)
        guard hasIncludes || !others.isEmpty else { return nil }
        let selection = step.disk.selection
        own = hasIncludes && selection?.included == nil ? nil : SelectedPart(selection)
        self.others = others.map { SelectedPart($0.disk.selection) }
        gone = Set(step.deletedNames.own.map(\.amandaBytes))
        bare = hasIncludes ? Set([[]] + (selection?.ancestors ?? []).map(\.amandaBytes)) : []
    }

    /// Whether `--delete` may remove a path that the dump does not hold: what another disk brings stays, and of a part by
    /// includes
    /// whatever they did not find. The disk that holds the directory itself removes all the rest.
    func mayRemove(_ path: [UInt8]) -> Bool {
        guard let own else { return false }
        let name = String(amandaBytes: path)
        let isOwn = !hasIncludes || own.holds(name) || gone.contains(path)
        return isOwn && !others.contains { $0.holds(name) }
    }
}
