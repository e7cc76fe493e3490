// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// What is taken where protected volumes leave no other.
extension VolumeChooser {
    /// The oldest volume that nothing protects and no restore needs, though its age or a rule of the policy would keep it.
    ///
    /// Only where a run without protected volumes would have found one: what `tapecycle` asks of too few slots, or `no-reuse`
    /// holds, is the operator's own.
    func yielding(_ run: Datestamp, _ slots: [SlotContents]) -> VolumeChoice? {
        guard !protected.isEmpty, unprotected.oldestReusable(run, slots) != nil else { return nil }
        let oldestFirst = candidates.reversed().filter {
            needs[$0.label] == nil && protected[$0.label] == nil && policy.labelPattern.matches($0.label)
                && $0.datestamp != run
        }
        for entry in oldestFirst.filter({ kept[$0.label] == nil })
            + oldestFirst.filter({ kept[$0.label] != nil })
        {
            guard let datestamp = entry.datestamp,
                let slot = slots.first(where: { $0.bears(entry.label) && unknownVolume(in: $0) == nil })
            else {
                continue
            }
            var choice = VolumeChoice(slot: slot.slot, label: entry.label, kind: .reusing(datestamp))
            choice.shortfall = shortfall(taking: entry)
            return choice
        }
        return nil
    }

    /// The same without what the cluster protects, and without its marks.
    private var unprotected: VolumeChooser {
        var chooser = self
        chooser.protected = [:]
        for label in protected.keys {
            guard var entry = tapelist.entry(label: label), entry.bearsPinMark else { continue }
            entry.isReusable = true
            chooser.tapelist.set(entry)
        }
        return chooser
    }

    private func shortfall(taking entry: TapelistEntry) -> RetentionShortfall {
        let newest = candidates.prefix(policy.retainedVolumeCount)
        return RetentionShortfall(
            asked: policy.retainedVolumeCount, left: newest.count { $0 != entry },
            protections: Set(protected.values).sorted {
                ($0.run, $0.isPinned ? 1 : 0) < ($1.run, $1.isPinned ? 1 : 0)
            })
    }
}

extension SlotContents {
    fileprivate func bears(_ label: String) -> Bool {
        if case .labelled(let header) = volume { header.label == label } else { false }
    }
}
