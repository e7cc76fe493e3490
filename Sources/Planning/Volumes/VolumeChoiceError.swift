// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// No volume can be had; why, for every slot.
public struct VolumeChoiceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Why one slot cannot be used.
    public struct Refusal: Error, Equatable, Sendable {
        public var slot: String
        public var reason: String
        /// A restore would read it.
        public var isNeeded = false
    }

    public var configuration: String
    public var refusals: [Refusal]
    public var retainedVolumeCount: Int

    public var description: String {
        let reasons = refusals.map { "  \($0.slot): \($0.reason)" }
        return
            (["no volume of configuration '\(configuration)' can be written"]
            + (reasons.isEmpty ? ["  the changer has no slot"] : reasons)
            + [hint])
            .joined(separator: "\n")
    }

    /// Where restores need all that age would free, a lower tapecycle frees nothing.
    private var hint: String {
        refusals.contains(where: \.isNeeded)
            ? "hint: add slots to tpchanger, as many to tapecycle, and run it again: what a restore needs is never overwritten."
            : "hint: add slots to tpchanger, or lower tapecycle (the newest \(retainedVolumeCount) volumes are kept)."
    }
}
