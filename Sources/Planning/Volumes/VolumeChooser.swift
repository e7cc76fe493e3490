// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Faults

/// Chooses the volume for a run: the oldest that may be overwritten, else the next slot that can be used.
///
/// Source: Amanda 3.5.1 `perl/Amanda/Taper/Scan/traditional.pm`; `server-src/tapefile.c`, `compute_retention`,
/// `lookup_last_reusable_tape`.
public struct VolumeChooser: Sendable {
    public var policy: VolumePolicy
    public var tapelist: Tapelist
    /// Volumes that pending commands need.
    public var commands: CommandFile
    /// Volumes that a restore of some disk to its newest dump would read, and for what: never overwritten, however old
    /// they are. A run that fails takes a volume as one that succeeds does; by age alone, a row of failures would end
    /// with nothing.
    public var needs: [String: VolumeNeed] = [:]
    /// Volumes that the policy keeps beside the newest ones, and by which rule (`RetentionRules.kept`).
    public var kept: [String: String] = [:]

    /// Volumes that hold what the cluster protects, as long as they bear it. One that age would have freed takes no place among
    /// those that are retained; where slots are short, a younger one gives way.
    public var protected: [String: VolumeProtection] = [:]

    /// The same of volumes that no slot shows.
    public var protectedUnseen: [String: VolumeProtection] = [:]

    /// Volumes that this run has filled: it does not go on with them.
    public var filled: Set<String> = []
    /// Labels that a volume may still bear though the tapelist calls it never written: runs whose end here died between the
    /// tapelist and the new label, or before the tapelist had it.
    public var givenUp: Set<VolumeHeader> = []

    public init(policy: VolumePolicy, tapelist: Tapelist, commands: CommandFile = CommandFile(parsing: "")) {
        self.policy = policy
        self.tapelist = tapelist
        self.commands = commands
    }

    /// - Parameters:
    ///   - slots: every slot of the changer, in its order.
    ///   - current: the slot to look at first when none is due for reuse; the first one by default.
    public func choose(
        run: Datestamp, slots: [SlotContents], current: String? = nil
    ) throws(VolumeChoiceError) -> VolumeChoice {
        if let choice = continued(run, slots) ?? oldestReusable(run, slots) { return choice }
        let start = slots.firstIndex { $0.slot == current } ?? 0
        var refusals: [VolumeChoiceError.Refusal] = []
        for slot in slots[start...] + slots[..<start] {
            switch verdict(on: slot, run: run, slots: slots) {
            case .success(let choice): return choice
            case .failure(let refusal): refusals.append(refusal)
            }
        }
        if let choice = yielding(run, slots) { return choice }
        refusals.sort { left, right in
            (slots.firstIndex { $0.slot == left.slot } ?? 0)
                < (slots.firstIndex { $0.slot == right.slot } ?? 0)
        }
        throw VolumeChoiceError(
            configuration: policy.configuration, refusals: refusals,
            retainedVolumeCount: policy.retainedVolumeCount)
    }

    private func continued(_ run: Datestamp, _ slots: [SlotContents]) -> VolumeChoice? {
        for slot in slots {
            guard case .labelled(let header) = slot.volume, header.datestamp == run,
                !filled.contains(header.label), tapelist.entry(label: header.label)?.datestamp == run
            else { continue }
            return VolumeChoice(slot: slot.slot, label: header.label, kind: .continuing)
        }
        return nil
    }

    /// Only if more volumes than are to be retained could be overwritten at all. One that is in no slot, or bears a run that
    /// the catalog does not know, is passed over for the next oldest.
    func oldestReusable(_ run: Datestamp, _ slots: [SlotContents]) -> VolumeChoice? {
        let (candidates, retained) = (candidates, retained)
        guard candidates.count > policy.retainedVolumeCount else { return nil }
        for entry in candidates.reversed() where !retained.contains(entry) {
            guard let datestamp = entry.datestamp, datestamp != run, policy.labelPattern.matches(entry.label)
            else { continue }
            for slot in slots where unknownVolume(in: slot) == nil {
                guard case .labelled(let header) = slot.volume, header.label == entry.label else { continue }
                return VolumeChoice(slot: slot.slot, label: entry.label, kind: .reusing(datestamp))
            }
        }
        return nil
    }

    func verdict(
        on slot: SlotContents, run: Datestamp, slots: [SlotContents]
    ) -> Result<VolumeChoice, VolumeChoiceError.Refusal> {
        func refuse(_ reason: String) -> Result<VolumeChoice, VolumeChoiceError.Refusal> {
            .failure(.init(slot: slot.slot, reason: reason, isUnread: slot.isUnread))
        }
        switch slot.volume {
        case .labelled(let header):
            if let entry = tapelist.entry(label: header.label) {
                if let unknown = unknownVolume(in: slot) { return refuse(unknown.reason) }
                return verdict(on: slot.slot, entry, run: run)
            }
            if policy.labelPattern.matches(header.label) {
                return refuse("volume '\(header.label)' is not in the tapelist")
            }
            guard policy.autolabel.contains(.otherConfiguration) else {
                return refuse(
                    "volume '\(header.label)' does not match labelstr '\(policy.labelPattern.text)'")
            }
        case .unlabelled:
            guard policy.autolabel.contains(.empty) else {
                return refuse("unlabelled, and autolabel does not say 'empty'")
            }
        case .foreign:
            guard policy.autolabel.contains(.nonAmanda) else {
                return refuse("holds something that is no Amanda volume")
            }
        case .unreadable(let reason):
            guard policy.autolabel.contains(.volumeError) else {
                return refuse("its label could not be read: \(reason)")
            }
        }
        if slot.isUnread, let reason = unseen(in: slots, run: run) {
            return refuse("its label was not seen, and it may be a volume that no slot shows: \(reason)")
        }
        guard policy.labelTemplate != nil else { return refuse("to be labelled, and autolabel is not set") }
        do {
            return .success(
                VolumeChoice(slot: slot.slot, label: try newLabel(for: slot.slot, slots), kind: .new))
        } catch {
            return refuse(error.description)
        }
    }

    /// - Parameter run: nil: none has written anything yet.
    func verdict(
        on slot: String, _ entry: TapelistEntry, run: Datestamp?
    ) -> Result<VolumeChoice, VolumeChoiceError.Refusal> {
        func refuse(_ reason: String) -> Result<VolumeChoice, VolumeChoiceError.Refusal> {
            .failure(.init(slot: slot, reason: "volume '\(entry.label)' " + reason))
        }
        func keep(_ protection: VolumeProtection) -> Result<VolumeChoice, VolumeChoiceError.Refusal> {
            .failure(
                .init(
                    slot: slot, reason: "volume '\(entry.label)' holds \(protection)", protection: protection)
            )
        }
        if let owner = entry.configuration, owner != policy.configuration {
            return refuse("belongs to configuration '\(owner)'")
        }
        if let pool = entry.pool, pool != policy.pool { return refuse("belongs to pool '\(pool)'") }
        if let storage = entry.storage, storage != policy.storage {
            return refuse("belongs to storage '\(storage)'")
        }
        guard policy.labelPattern.matches(entry.label) else {
            return refuse("does not match labelstr '\(policy.labelPattern.text)'")
        }
        let protection = protected[entry.label]
        if let protection, protection.isPinned { return keep(protection) }
        guard entry.isReusable else { return refuse("is marked no-reuse") }
        if commands.needs(label: entry.label) { return refuse("is needed by a command that is not done yet") }
        if entry.isNeverWritten {
            return .success(VolumeChoice(slot: slot, label: entry.label, kind: .neverWritten))
        }
        if let need = needs[entry.label] {
            return .failure(
                .init(slot: slot, reason: "volume '\(entry.label)' holds \(need)", isNeeded: true))
        }
        if let protection { return keep(protection) }
        func retain(_ reason: String) -> Result<VolumeChoice, VolumeChoiceError.Refusal> {
            .failure(.init(slot: slot, reason: "volume '\(entry.label)' " + reason, isRetained: true))
        }
        if let rule = kept[entry.label] { return retain("is kept by \(rule)") }
        guard let datestamp = entry.datestamp, !isRetained(entry) else {
            return retain("is still needed: run \(entry.datestampText)")
        }
        guard datestamp != run else { return refuse("was written by this run") }
        return .success(VolumeChoice(slot: slot, label: entry.label, kind: .reusing(datestamp)))
    }

    /// Volumes that age and marks would let be overwritten, newest first.
    var candidates: [TapelistEntry] {
        tapelist.entries.filter { isOurs($0) && isOverwritable($0) && !$0.isNeverWritten }
    }

    /// Those of them that are kept: all that a restore or a rule of the policy needs, of the others the newest, up to the number
    /// that is to be retained, and what the cluster protects.
    private var retained: [TapelistEntry] {
        let needed = candidates.filter { needs[$0.label] != nil || kept[$0.label] != nil }
        let others = candidates.filter { needs[$0.label] == nil && kept[$0.label] == nil }
        return needed + others.prefix(max(0, policy.retainedVolumeCount - needed.count))
            + others.filter { protected[$0.label] != nil }
    }

    /// Amanda's retention: among those that are kept, or too young.
    private func isRetained(_ entry: TapelistEntry) -> Bool {
        retained.contains(entry) || !isOverwritable(entry)
    }

    func isOverwritable(_ entry: TapelistEntry) -> Bool {
        entry.isReusable && !commands.needs(label: entry.label)
            && protected[entry.label]?.isPinned != true
    }

    func isOurs(_ entry: TapelistEntry) -> Bool {
        if let owner = entry.configuration, owner != policy.configuration { return false }
        if let storage = entry.storage, storage != policy.storage { return false }
        if let pool = entry.pool { return pool == policy.pool }
        return policy.labelPattern.matches(entry.label)
    }

    /// A label that no volume bears. One that was entered for a volume that then was never labelled is given again,
    /// as long as every slot's label was seen.
    private func newLabel(for slot: String, _ slots: [SlotContents]) throws(VolumeLabelError) -> String {
        guard let template = policy.labelTemplate else {
            throw VolumeLabelError(description: "autolabel is not set")
        }
        var taken = Set(tapelist.entries.map(\.label))
        var borne: Set<String> = []
        var isEverySlotKnown = true
        for slot in slots {
            switch slot.volume {
            case .labelled(let header): borne.insert(header.label)
            case .unreadable, .foreign: isEverySlotKnown = false
            case .unlabelled: break
            }
        }
        if isEverySlotKnown {
            for entry in tapelist.entries
            where entry.isNeverWritten && entry.isReusable && entry.configuration == policy.configuration
                && entry.storage == policy.storage
            {
                taken.remove(entry.label)
            }
        }
        let label: String
        do {
            label = try template.newLabel(
                taken: taken.union(borne), variables: policy.variables,
                slotNumber: 1 + (slots.firstIndex { $0.slot == slot } ?? 0))
        } catch {
            throw VolumeLabelError(description: error.description)
        }
        guard policy.labelPattern.matches(label) else {
            throw VolumeLabelError(
                description: "the new label '\(label)' would not match labelstr '\(policy.labelPattern.text)'"
            )
        }
        return label
    }
}

private struct VolumeLabelError: Error {
    let description: String
}
