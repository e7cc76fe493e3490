// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Saturation

/// Keeps a volume free for the run after this one.
///
/// Stock Amanda only warns and then overwrites the last full dump. Here a volume that some disk needs is never taken, so
/// that a rotation that is just large enough could come to a standstill: before it does, what lies on one of them is
/// dumped anew.
extension PlanDraft {
    mutating func renewForRotation() {
        guard let rotation = planner.rotation else { return }
        while freeVolumes(rotation) < 1 {
            guard renewCheapest(rotation, isForced: true) else {
                warnings.append(
                    "after this run no volume is free: all that may be overwritten are needed for a restore "
                        + "or kept by tapecycle; add slots to tpchanger")
                return
            }
        }
        // One more, so that a run that fails in part does not take the last.
        while unneededVolumes(rotation) < 2 {
            guard renewCheapest(rotation, isForced: false) else {
                warnings.append(
                    "a single run that fails may leave no volume to write: add a slot to tpchanger, and to tapecycle"
                )
                return
            }
        }
    }

    /// False: nothing can be renewed.
    private mutating func renewCheapest(_ rotation: VolumeRotation, isForced: Bool) -> Bool {
        guard let label = cheapestToFree(rotation) else { return false }
        for index in queue.indices where queue[index].blocks(label) {
            queue[index].level = 0
            queue[index].reason = .renewed(label: label)
            queue[index].isForced = queue[index].isForced || isForced
        }
        return true
    }

    /// Volumes that the next run could take if this one goes as planned.
    private func freeVolumes(_ rotation: VolumeRotation) -> Int {
        let count = rotation.reusable.union(rotation.tonight).count
        return min(unneededVolumes(rotation), unwrittenLeft(rotation) + count - rotation.retainedCount)
    }

    /// Those that no restore would read.
    private func unneededVolumes(_ rotation: VolumeRotation) -> Int {
        let reusable = rotation.reusable.union(rotation.tonight)
        return unwrittenLeft(rotation) + reusable.count - needed(rotation).intersection(reusable).count
    }

    private func unwrittenLeft(_ rotation: VolumeRotation) -> Int {
        max(0, rotation.unwrittenCount - rotation.tonight.subtracting(rotation.reusable).count)
    }

    private func needed(_ rotation: VolumeRotation) -> Set<String> {
        var needed = rotation.tonight
        for state in queue { needed.formUnion(state.labelsAfterRun) }
        for name in leftOut.map(\.name) {
            for state in planner.states where state.name == name {
                needed.formUnion(state.chain?.labels ?? [])
            }
        }
        return needed
    }

    /// The volume that the least of full dumps would free; of like ones the one whose disks are due soonest.
    private func cheapestToFree(_ rotation: VolumeRotation) -> String? {
        let candidates = needed(rotation).intersection(rotation.reusable).subtracting(rotation.tonight)
        var best: (label: String, cost: Int64)?
        for label in candidates.sorted() {
            let blockers = queue.filter { $0.blocks(label) }
            guard !blockers.isEmpty, blockers.allSatisfy({ $0.canRenew }),
                !isNeededByLeftOut(label)
            else { continue }
            let cost = blockers.reduce(0) {
                saturated($0, bytes($1, level: 0).saturatingMinus(bytes($1, level: $1.level)))
            }
            if best.map({ cost < $0.cost }) ?? true { best = (label, cost) }
        }
        return best?.label
    }

    private func isNeededByLeftOut(_ label: String) -> Bool {
        leftOut.contains { left in
            planner.states.contains { $0.name == left.name && $0.chain?.labels.contains(label) == true }
        }
    }
}

extension DiskState {
    /// What it still needs of today's volumes once its planned dump is stored.
    var labelsAfterRun: Set<String> {
        chain?.dumps.filter { $0.level < level }.reduce(into: []) { $0.formUnion($1.labels) } ?? []
    }

    func blocks(_ label: String) -> Bool { labelsAfterRun.contains(label) }

    var canRenew: Bool { schedule.makesFulls && !schedule.skipsFulls && sizes[0] != nil }
}
