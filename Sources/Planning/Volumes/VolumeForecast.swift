// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// When a slot is written next, if nothing changes but the runs themselves.
public enum VolumeForecast: Hashable, Sendable {
    /// By which run from now on, counted from 1.
    case run(Int)
    /// It can be written at any time, and holds nothing; runs come to it only when none of the others may be overwritten.
    case spare
    /// Not as things stand; why.
    case kept(reason: String)
}

extension VolumeChooser {
    /// When each slot is written next, in the slots' order.
    ///
    /// Every run is taken to write `volumesPerRun` volumes. What is pinned now stays pinned: a new full dump frees what the
    /// old one holds, but when that is, only the planner knows.
    public func forecast(
        from run: Datestamp, slots: [SlotContents], volumesPerRun: Int = 1
    ) -> [VolumeForecast] {
        var chooser = self
        var now = slots
        var next = run
        var found: [String: Int] = [:]
        // Twice around: by then nothing new comes.
        for number in 0..<(slots.count * 2) {
            guard let choice = try? chooser.choose(run: next, slots: now),
                let index = now.firstIndex(where: { $0.slot == choice.slot })
            else { break }
            found[choice.slot] = found[choice.slot] ?? 1 + number / max(1, volumesPerRun)
            now[index].volume = .labelled(VolumeHeader(datestamp: next, label: choice.label))
            var entry =
                chooser.tapelist.entry(label: choice.label)
                ?? TapelistEntry(datestamp: next, label: choice.label)
            entry.datestampText = next.description
            (entry.configuration, entry.pool, entry.storage) = (
                policy.configuration, policy.pool, policy.storage
            )
            chooser.tapelist.set(entry)
            next = next.nextSecond
        }
        return slots.map { slot in
            if let number = found[slot.slot] { return .run(number) }
            switch verdict(on: slot, run: run, slots: slots) {
            case .failure(let refusal): return .kept(reason: refusal.reason)
            case .success(let choice):
                if case .reusing = choice.kind { return .kept(reason: "other volumes come before it") }
                return .spare
            }
        }
    }
}
