// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
@_exported public import Faults

/// No volume can be had; why, for every slot.
public struct VolumeChoiceError: Fault, Equatable {
    /// Why one slot cannot be used.
    public struct Refusal: Error, Equatable, Sendable {
        public var slot: String
        public var reason: String
        /// A restore would read it.
        var isNeeded = false
        /// Its age or a rule of the policy keeps it.
        var isRetained = false
        /// Its label was not seen.
        var isUnread = false
        /// The cluster keeps it.
        public var protection: VolumeProtection?
    }

    public var configuration: String
    var refusals: [Refusal]
    var retainedVolumeCount: Int

    public var kind: FaultKind { .configuration }

    public var place: FaultPlace? { FaultPlace(configuration: configuration) }

    public var facts: String {
        let reasons = refusals.map { "  \($0.slot): \($0.reason)" }
        return
            (["no volume of configuration '\(configuration)' can be written"]
            + (reasons.isEmpty ? ["  the changer has no slot"] : reasons))
            .joined(separator: "\n")
    }

    /// Fits the reasons: nobody is told to lower `tapecycle` because the store does not answer.
    public var hint: String? {
        let unread =
            "nothing is written to a slot whose label was not seen: see with 'amfleet volumes' what the store answers, "
            + "mend that and run it again"
        guard refusals.contains(where: \.isUnread) else { return "\(space)." }
        return refusals.allSatisfy(\.isUnread) ? "\(unread)." : "\(unread); or \(space)."
    }

    /// Where restores need all that age would free, a lower tapecycle frees nothing.
    private var space: String {
        if let pinned = refusals.lazy.compactMap(\.protection).first(where: \.isPinned) {
            return "add slots to tpchanger, or give a run free with 'amfleet unpin \(pinned.run)'"
        }
        if refusals.contains(where: { $0.isNeeded || $0.protection != nil }) {
            return
                "add slots to tpchanger, as many to tapecycle, and run it again: what a restore needs is never overwritten"
        }
        return refusals.contains(where: \.isRetained)
            ? "add slots to tpchanger, or lower tapecycle (the newest \(retainedVolumeCount) volumes are kept)"
            : "add slots to tpchanger, or change what is said of one of these"
    }
}
