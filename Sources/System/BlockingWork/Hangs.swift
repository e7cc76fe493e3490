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

    /// nil: nobody waits there.
    public static func at(_ path: String) -> Hang? {
        state.withLock { $0.hangs[trimmed(path)] }
    }

    /// Somebody who was sent at `since` is given up.
    public static func enter(_ path: String, since: ContinuousClock.Instant) {
        state.withLock { state in
            var hang = state.hangs[trimmed(path)] ?? Hang(since: since, count: 0)
            hang.count += 1
            state.hangs[trimmed(path)] = hang
        }
    }

    /// He is back.
    public static func leave(_ path: String) {
        state.withLock { state in
            guard var hang = state.hangs[trimmed(path)] else { return }
            hang.count -= 1
            state.hangs[trimmed(path)] = hang.count > 0 ? hang : nil
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
        state.withLock { state in
            if let hang = state.hangs[trimmed(path)] {
                return hang.since + limit > .now ? .wait : .hopeless
            }
            return state.looks.insert(trimmed(path)).inserted ? .go : .wait
        }
    }

    static func endLook(_ path: String) {
        state.withLock { _ = $0.looks.remove(trimmed(path)) }
    }

    private static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }
}
