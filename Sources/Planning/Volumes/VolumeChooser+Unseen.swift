// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// What may lie in a slot whose label was not seen.
extension VolumeChooser {
    /// Why a volume is not overwritten that the tapelist has and no slot shows: any slot whose label was not seen may be that one.
    /// nil: there is none.
    ///
    /// - Parameter run: nil: none has written anything yet.
    func unseen(in slots: [SlotContents], run: Datestamp?) -> String? {
        var chooser = self
        chooser.protected.merge(protectedUnseen) { seen, _ in seen }
        let seen = Set(slots.compactMap(\.label))
        for entry in tapelist.entries where !seen.contains(entry.label) && mayLieHere(entry) {
            if case .failure(let refusal) = chooser.verdict(on: "", entry, run: run) { return refusal.reason }
        }
        return nil
    }

    /// Another configuration's or storage's volumes lie in a changer of theirs.
    private func mayLieHere(_ entry: TapelistEntry) -> Bool {
        [nil, policy.configuration].contains(entry.configuration)
            && [nil, policy.storage].contains(entry.storage)
    }
}

extension SlotContents {
    /// nil: there is none, or it was not seen.
    fileprivate var label: String? {
        if case .labelled(let header) = volume { header.label } else { nil }
    }

    /// Something is there, or may be there, and its label was not seen.
    var isUnread: Bool {
        switch volume {
        case .unlabelled, .labelled: false
        case .foreign, .unreadable: true
        }
    }
}
