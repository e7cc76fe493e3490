// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// A volume that bears a run which the catalog does not know: put back from an older copy, by another program or by hand.
/// The bucket outranks the catalog, so nobody writes to it until the catalog knows better.
public struct UnknownVolume: Equatable, Sendable, CustomStringConvertible {
    /// What the tapelist has for its label.
    public enum Listed: Equatable, Sendable {
        case run(Datestamp)
        /// Labelled, never written (datestamp 0), and no log tells that its run was given up.
        case neverWritten
        case absent
        /// With the run that it bears, of which the logs do not tell how it ended.
        case unlogged
    }

    public var slot: String
    public var label: String
    /// That it bears.
    public var run: Datestamp
    public var listed: Listed

    public init(slot: String, label: String, run: Datestamp, listed: Listed) {
        self.slot = slot
        self.label = label
        self.run = run
        self.listed = listed
    }

    /// The same words for backup, `plan`, `volumes` and `status`, after the slot's name.
    public var reason: String {
        let known =
            switch listed {
            case .run(let run): "which has run \(run) there"
            case .neverWritten: "which has no run there"
            case .absent: "whose tapelist lacks it"
            case .unlogged: "whose logs lack it"
            }
        return "volume '\(label)' bears run \(run), unknown to the catalog, \(known): it is left alone"
    }

    public var description: String { "slot '\(slot)': \(reason)" }
}

extension VolumeChooser {
    /// Of all slots; of other configurations' volumes only those that the tapelist calls ours.
    public func unknownVolumes(in slots: [SlotContents]) -> [UnknownVolume] {
        slots.compactMap(unknownVolume)
    }

    /// nil: label and tapelist agree, or nothing that anybody could want lies there: no run is borne, or the run is one that
    /// the catalog itself has given up (`givenUp`).
    ///
    /// Older than listed counts as newer does: whoever put the volume back may want it.
    func unknownVolume(in slot: SlotContents) -> UnknownVolume? {
        guard case .labelled(let header) = slot.volume, let run = header.datestamp else { return nil }
        func unknown(_ listed: UnknownVolume.Listed) -> UnknownVolume {
            UnknownVolume(slot: slot.slot, label: header.label, run: run, listed: listed)
        }
        guard let entry = tapelist.entry(label: header.label) else {
            return policy.labelPattern.matches(header.label) ? unknown(.absent) : nil
        }
        if let datestamp = entry.datestamp { return datestamp == run ? nil : unknown(.run(datestamp)) }
        // A datestamp of eight digits, of a very old list, is compared with as much of the label's.
        guard entry.isNeverWritten else {
            return run.digits.hasPrefix(entry.datestampText) ? nil : unknown(.absent)
        }
        return givenUp.contains(header) ? nil : unknown(.neverWritten)
    }
}
