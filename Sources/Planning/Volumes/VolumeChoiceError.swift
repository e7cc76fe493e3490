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

    /// Where restores need all that age would free, a lower tapecycle frees nothing.
    public var hint: String? {
        if let pinned = refusals.lazy.compactMap(\.protection).first(where: \.isPinned) {
            return "add slots to tpchanger, or give a run free with 'amfleet unpin \(pinned.run)'."
        }
        return refusals.contains { $0.isNeeded || $0.protection != nil }
            ? "add slots to tpchanger, as many to tapecycle, and run it again: what a restore needs is never overwritten."
            : "add slots to tpchanger, or lower tapecycle (the newest \(retainedVolumeCount) volumes are kept)."
    }
}
