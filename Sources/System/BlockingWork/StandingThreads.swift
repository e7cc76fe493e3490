// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// For how long a thread may stand still in one call on a file where nobody has said what may hang.
public enum UnaskedPatience {
    private static let seconds = Atomic<Int64>(300)

    /// As long as a file server needs to be replaced by another, unless the program says otherwise.
    public static var limit: Duration { .seconds(seconds.load(ordering: .relaxed)) }

    /// For programs before which somebody sits. Once, at the start.
    public static func set(_ limit: Duration) {
        seconds.store(max(1, limit.components.seconds), ordering: .relaxed)
    }

    /// Where nobody wants the result any more.
    static let afterCancellation: Duration = .seconds(15)
}

/// Looks after the threads of `runBlocking`: one that stands still, and whose last call was on a file, hangs there.
///
/// A thread that waits for anything else has said so (`BlockingThread.require`), and is left alone. One thread looks after all, and only as long as there are any.
enum StandingThreads {
    /// What a look at a thread has found.
    struct Standing {
        let path: String
        let duration: Duration
    }

    private struct Entry {
        let progress: ThreadProgress
        /// Gets the news; true: no more of it is wanted.
        let tell: @Sendable (Standing) -> Bool
        var standstill = Standstill()
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        var newest = 0
        var isWatched = false
    }

    private static let state = Mutex(State())
    /// Threads that come back sooner are never looked at.
    private static let period: Duration = .seconds(1)

    /// The calling thread begins.
    static func enter(_ tell: @escaping @Sendable (Standing) -> Bool) -> Int {
        let progress = ThreadProgress()
        let (number, starts) = state.withLock { state in
            defer { state.isWatched = true }
            state.newest += 1
            state.entries[state.newest] = Entry(progress: progress, tell: tell)
            return (state.newest, !state.isWatched)
        }
        guard starts else { return number }
        do {
            try startThread("standing") { watch() }
        } catch {
            // Whoever comes next tries again.
            state.withLock { $0.isWatched = false }
        }
        return number
    }

    static func leave(_ number: Int) {
        state.withLock { _ = $0.entries.removeValue(forKey: number) }
    }

    private static func watch() {
        var known: Set<Int> = []
        while true {
            usleep(useconds_t(period / .microseconds(1)))
            let entries = state.withLock { state in
                state.isWatched = !state.entries.isEmpty
                return state.entries
            }
            guard !entries.isEmpty else { return }
            for (number, entry) in entries where known.contains(number) { look(at: number, entry) }
            known = Set(entries.keys)
        }
    }

    private static func look(at number: Int, _ entry: Entry) {
        var entry = entry
        guard let path = entry.progress.touched else {
            entry.standstill = Standstill()
            return keep(entry, number)
        }
        let duration = entry.standstill.duration(of: entry.progress)
        guard duration > .zero, entry.tell(Standing(path: path, duration: duration)) else {
            return keep(entry, number)
        }
        leave(number)
    }

    private static func keep(_ entry: Entry, _ number: Int) {
        state.withLock { if $0.entries[number] != nil { $0.entries[number] = entry } }
    }
}
