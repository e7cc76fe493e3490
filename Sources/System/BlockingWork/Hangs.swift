// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What of this process waits for a path that does not answer: threads that were given up, and killed children that cannot end.
///
/// As long as one of them waits nobody else is sent there, so that one hangs for each path, however often and by whomever it is asked. When all
/// are back the path is as any other.
public enum Hangs {
    /// A path that somebody waits for.
    public struct Hang: Sendable, Equatable {
        /// When the first of them was sent.
        public let since: ContinuousClock.Instant
        /// How many have not come back.
        public fileprivate(set) var count: Int
    }

    private struct State {
        var hangs: [String: Hang] = [:]
        /// Where a look has not come back and was not given up.
        var looks: Set<String> = []
    }

    private static let state = Mutex(State())
    /// How many paths hang: nobody else pays for the question.
    private static let pathCount = Atomic<Int>(0)

    /// Why nobody else is to be sent to a path; nil: it may be asked. Who waits since a moment ago may be back soon.
    static func refusal(of path: () -> String?) -> HangFault? {
        guard pathCount.load(ordering: .relaxed) > 0, let path = path(), let hang = at(path) else {
            return nil
        }
        let limit = Duration.seconds(20)
        return hang.since + limit < .now ? HangFault(path, within: limit) : nil
    }

    /// That of all below some paths which has hung for the longest time.
    static func oldest(below tops: [String]) -> String? {
        let tops = tops.map(trimmed)
        return state.withLock { state in
            state.hangs.filter { path, _ in
                tops.contains { path == $0 || path.hasPrefix($0 == "/" ? "/" : "\($0)/") }
            }.min { $0.value.since < $1.value.since }?.key
        }
    }

    /// nil: nobody waits there.
    public static func at(_ path: String) -> Hang? {
        let path = trimmed(path)
        return state.withLock { $0.hangs[path] }
    }

    /// Somebody who was sent at `since` is given up.
    public static func enter(_ path: String, since: ContinuousClock.Instant) {
        let path = trimmed(path)
        state.withLock { state in
            var hang = state.hangs[path] ?? Hang(since: since, count: 0)
            hang.count += 1
            state.hangs[path] = hang
            pathCount.store(state.hangs.count, ordering: .relaxed)
        }
    }

    /// He is back.
    public static func leave(_ path: String) {
        let path = trimmed(path)
        state.withLock { state in
            guard var hang = state.hangs[path] else { return }
            hang.count -= 1
            state.hangs[path] = hang.count > 0 ? hang : nil
            pathCount.store(state.hangs.count, ordering: .relaxed)
        }
    }

    /// Whether a look may go to a path.
    enum Admission {
        /// It may, and calls `endLook` when it is back.
        case go
        /// Another is there and may be back soon.
        case wait
        /// Another has been there for longer than this one would wait.
        case hopeless
    }

    static func beginLook(_ path: String, limit: Duration) -> Admission {
        let path = trimmed(path)
        return state.withLock { state in
            if let hang = state.hangs[path] {
                return hang.since + limit > .now ? .wait : .hopeless
            }
            return state.looks.insert(path).inserted ? .go : .wait
        }
    }

    static func endLook(_ path: String) {
        let path = trimmed(path)
        state.withLock { _ = $0.looks.remove(path) }
    }

    private static func trimmed(_ path: String) -> String {
        guard path.utf8.last == UInt8(ascii: "/") else { return path }
        var bytes = path.utf8[...]
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return String(Substring(bytes))
    }
}
