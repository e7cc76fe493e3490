// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// The volume that a run is to write.
public struct VolumeChoice: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// This very run has begun to write it: go on behind its last file.
        case continuing
        /// Its dumps, of the run named, are given up.
        case reusing(Datestamp)
        /// Labelled, never written.
        case neverWritten
        /// To be labelled.
        case new
    }

    public var slot: String
    public var label: String
    public var kind: Kind
    /// What it costs, where protected volumes leave no other.
    public var shortfall: RetentionShortfall?

    public init(slot: String, label: String, kind: Kind) {
        self.slot = slot
        self.label = label
        self.kind = kind
    }
}
