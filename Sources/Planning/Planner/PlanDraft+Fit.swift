// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Saturation

/// Makes the plan fit into what one run may store: full dumps are delayed, then increments left out.
///
/// Source: Amanda 3.5.1 `server-src/planner.c`, `delay_dumps`; order of delays seen by running it.
extension PlanDraft {
    mutating func fit() {
        dropWhatNeverFits()
        var delayed: [DiskState] = []
        while totalBytes > settings.capacityBytes, let index = nextToDelay() {
            delayed.append(queue[index])
            turnIntoIncrement(index, isAlone: false)
        }
        var dropped: [DiskState] = []
        while totalBytes > settings.capacityBytes, queue.count > 1 {
            dropped.append(queue.removeLast())
        }
        bringBack(dropped, delayed)
    }

    /// A dump that is larger than a whole run's room: its increment instead, or none.
    private mutating func dropWhatNeverFits() {
        for index in queue.indices.reversed() {
            let state = queue[index]
            guard bytes(state, level: state.level) > settings.capacityBytes else { continue }
            if state.level == 0, let increment = usableIncrement(of: state),
                bytes(state, level: increment.level) <= settings.capacityBytes
            {
                warnings.append(
                    "\(state.name): no full dump of it can ever be made: "
                        + "\(byteText(bytes(state, level: 0))), and one run may store \(byteText(settings.capacityBytes))"
                )
                turnIntoIncrement(index, isAlone: true)
                continue
            }
            let smallest = state.level > 0 ? state.level : usableIncrement(of: state)?.level
            leave(
                state,
                .tooLarge(
                    bytes: bytes(state, level: smallest ?? 0), level: smallest ?? 0,
                    capacity: settings.capacityBytes,
                    hasIncrement: smallest != nil))
            queue.remove(at: index)
        }
    }

    func usableIncrement(of state: DiskState) -> (level: Int, reason: PlanReason)? {
        state.schedule.skipsIncrements ? nil : state.increment
    }

    private mutating func turnIntoIncrement(_ index: Int, isAlone: Bool) {
        guard let increment = usableIncrement(of: queue[index]) else { return }
        queue[index].reason = .delayed(
            fullBytes: queue[index].fullStoredBytes, capacity: settings.capacityBytes, isAlone: isAlone)
        queue[index].level = increment.level
    }

    /// Of the full dumps that have an increment to make instead, the one whose last full dump is the newest; forced ones
    /// last. The one of the highest priority, and of those the oldest, goes on in any case.
    private func nextToDelay() -> Int? {
        let fulls = queue.indices.filter { queue[$0].level == 0 }
        let preserved = fulls.min { delayOrder($0, $1, byPriority: true) }
        let candidates = fulls.filter { $0 != preserved && usableIncrement(of: queue[$0]) != nil }
        let unforced = candidates.filter { !queue[$0].isForced }
        return (unforced.isEmpty ? candidates : unforced).max { delayOrder($0, $1, byPriority: false) }
    }

    /// Whether `left` is to be kept rather than `right`.
    private func delayOrder(_ left: Int, _ right: Int, byPriority: Bool) -> Bool {
        let (one, other) = (queue[left], queue[right])
        if byPriority, one.priority != other.priority { return one.priority > other.priority }
        let (date, otherDate) = (
            one.info.statistics(level: 0)?.date ?? 0, other.info.statistics(level: 0)?.date ?? 0
        )
        return (date, left) < (otherDate, right)
    }

    /// What was given up last and fits after all comes back first.
    private mutating func bringBack(_ dropped: [DiskState], _ delayed: [DiskState]) {
        for state in dropped.reversed() {
            if saturated(totalBytes, bytes(state, level: state.level)) <= settings.capacityBytes {
                queue.append(state)
            } else {
                leave(
                    state,
                    .noRoom(
                        bytes: bytes(state, level: state.level), level: state.level,
                        capacity: settings.capacityBytes))
            }
        }
        for full in delayed.reversed() {
            guard let index = queue.firstIndex(where: { $0.name == full.name }) else { continue }
            let growth = bytes(full, level: 0).saturatingMinus(
                bytes(queue[index], level: queue[index].level))
            guard totalBytes <= settings.capacityBytes.saturatingMinus(growth) else { continue }
            (queue[index].level, queue[index].reason) = (0, full.reason)
        }
    }
}
