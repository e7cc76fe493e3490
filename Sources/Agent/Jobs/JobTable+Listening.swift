// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// Who listens to a job's events.
extension JobTable {
    /// How many events a listener gets at once.
    private static let deliveryLimit = 500

    /// A feed of the events after `sequence`. It ends with the awaiting task, or when the caller stops reading.
    func listen(_ id: String, after sequence: Int) throws -> JobEventFeed {
        guard entries[id] != nil else { throw JobRefusal.unknown(id, node: node) }
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        nextListener += 1
        let number = nextListener
        entries[id]?.listeners[number] = continuation
        continuation.yield()
        return JobEventFeed(id: id, after: sequence, wakes: wakes)
    }

    /// Wakes every listener: once a second, for progress and heartbeats.
    func tick() {
        for id in entries.keys { wakeListeners(of: id) }
    }

    /// A listener that has gone is found here, by its stream's end.
    func wakeListeners(of id: String) {
        guard let listeners = entries[id]?.listeners else { return }
        for (number, listener) in listeners {
            if case .terminated = listener.yield() { entries[id]?.listeners[number] = nil }
        }
    }

    /// What a listener at `cursor` has not seen; a heartbeat where that is nothing for `heartbeatEvery`.
    func deliver(
        _ id: String, _ cursor: JobEventFeed.Cursor
    ) throws -> (JobEventFeed.Delivery, JobEventFeed.Cursor) {
        guard let entry = entries[id] else { throw JobRefusal.unknown(id, node: node) }
        var cursor = cursor
        let unseen = try loadedEvents(of: id).filter { $0.sequence > cursor.sequence }
        var events = Array(unseen.prefix(Self.deliveryLimit))
        cursor.sequence = events.last?.sequence ?? cursor.sequence
        // Numbers that could not be written down never come: what there is counts.
        let isOver = !entry.isRunning && events.count == unseen.count
        let progress = entry.board.value
        if entry.isRunning, progress != cursor.progress {
            cursor.progress = progress
            events.append(
                JobEvent(sequence: cursor.sequence, time: Date(), kind: .progress, progress: progress))
        }
        if events.isEmpty, !isOver, cursor.lastLine.duration(to: .now) >= JobEventFeed.heartbeatEvery {
            events.append(JobEvent(sequence: cursor.sequence, time: Date(), kind: .heartbeat))
        }
        if !events.isEmpty { cursor.lastLine = .now }
        return (JobEventFeed.Delivery(events: events, isOver: isOver), cursor)
    }

    private func loadedEvents(of id: String) throws -> [JobEvent] {
        if let events = entries[id]?.events { return events }
        return try store.events(of: id)
    }
}
