// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Synchronization

/// The files that tell `amstatus` how many bytes of each dump under way have been stored.
///
/// `update` is called by whoever stores, many times a second and on any thread, so it neither writes nor waits: at most once
/// a second a dump, and never twice at a time, a thread of its own writes.
final class ProgressFiles: Sendable {
    private static let shortestInterval: Duration = .seconds(1)

    private struct Entry {
        let serial: String
        var writtenAt: ContinuousClock.Instant?
        var isWriting = false
    }

    private let file: TraceFile
    private let entries = Mutex<[LogDumpName: Entry]>([:])

    init(_ file: TraceFile) {
        self.file = file
    }

    func begin(_ name: LogDumpName, serial: String) {
        entries.withLock { $0[name] = Entry(serial: serial) }
    }

    func update(_ name: LogDumpName, storedByteCount: Int64) {
        let due: String? = entries.withLock { entries in
            let now = ContinuousClock.now
            guard let entry = entries[name], !entry.isWriting,
                entry.writtenAt.map({ now - $0 >= Self.shortestInterval }) ?? true
            else { return nil }
            entries[name]?.writtenAt = now
            entries[name]?.isWriting = true
            return entry.serial
        }
        guard let due else { return }
        do {
            try startThread("progress-file") { [self] in
                // Nobody depends on it; a full disk shows where it matters.
                try? file.writeStatus(due, storedByteCount: storedByteCount)
                wrote(name, due)
            }
        } catch {
            // Nor on this one.
            wrote(name, due)
        }
    }

    private func wrote(_ name: LogDumpName, _ serial: String) {
        let isOver = entries.withLock { entries in
            guard entries[name]?.serial == serial else { return true }
            entries[name]?.isWriting = false
            return false
        }
        if isOver { try? file.removeStatus(serial) }
    }

    /// The dump's file goes; if it is just being written, its writer takes it away. Blocks.
    func end(_ name: LogDumpName) throws {
        guard let entry = entries.withLock({ $0.removeValue(forKey: name) }), !entry.isWriting else { return }
        try file.removeStatus(entry.serial)
    }
}
