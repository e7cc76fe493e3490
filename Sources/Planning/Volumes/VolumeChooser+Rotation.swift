// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

extension VolumeChooser {
    /// What the planner needs to know so that the next run finds a volume too.
    ///
    /// - Parameter choices: the volumes that this run takes, as far as they are known.
    public func rotation(slots: [SlotContents], choices: [VolumeChoice]) -> VolumeRotation {
        var reusable: Set<String> = []
        var keptCount = 0
        // Nobody takes it; that it is retained costs a younger one its place.
        var protectedCount = 0
        var unwritten = 0
        for slot in slots {
            switch slot.volume {
            case .labelled(let header):
                guard let entry = tapelist.entry(label: header.label), isOurs(entry), isOverwritable(entry),
                    unknownVolume(in: slot) == nil
                else {
                    continue
                }
                if entry.isNeverWritten {
                    unwritten += 1
                } else if kept[header.label] != nil {
                    keptCount += 1
                } else if protected[header.label] != nil, needs[header.label] == nil {
                    protectedCount += 1
                } else {
                    reusable.insert(header.label)
                }
            case .unlabelled: unwritten += policy.autolabel.contains(.empty) ? 1 : 0
            case .foreign:
                let isFree = policy.autolabel.contains(.nonAmanda) && unseen(in: slots, run: nil) == nil
                unwritten += isFree ? 1 : 0
            case .unreadable: break
            }
        }
        var rotation = VolumeRotation(
            reusable: reusable, unwrittenCount: unwritten,
            retainedCount: max(0, policy.retainedVolumeCount - keptCount - protectedCount))
        for choice in choices {
            rotation.tonight.insert(choice.label)
            if case .reusing = choice.kind { rotation.overwritten.insert(choice.label) }
        }
        return rotation
    }
}
