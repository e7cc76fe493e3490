// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What lies in one slot, as the bucket says.
public struct SlotContents: Equatable, Sendable {
    /// How the label object answered.
    public enum Volume: Equatable, Sendable {
        /// A definite 404: no label.
        case unlabelled
        case labelled(VolumeHeader)
        /// An object that is no Amanda label, as the store itself gave it.
        case foreign
        /// Not known: the store did not answer, refused, or what came may be another's answer.
        case unreadable(reason: String)
    }

    /// The slot's name, e.g. `slot-01`, or its prefix; for messages and for the choice.
    public var slot: String
    public var volume: Volume

    public init(slot: String, volume: Volume) {
        self.slot = slot
        self.volume = volume
    }
}
