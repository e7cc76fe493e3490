// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Looks at things that may never answer, such as a dead network file system, and goes on without them.
///
/// Each look has a thread of its own, and each path one look at a time. One that did not come back in time stays behind with its thread, and
/// its path is not looked at again until it does (`Hangs`): however often it is asked, and by however many, one thread hangs.
public enum PatientLook {
    private static let width = 32

    /// What `look` says of each subject; nil where it has not come back within `limit`. Blocks, for twice `limit` at most in each group of
    /// 32: a look at the same path that is under way is waited for.
    ///
    /// - Parameters:
    ///   - what: the threads' name.
    ///   - path: what of a subject may hang.
    public static func all<Value: Sendable>(
        _ subjects: [String], what: String, limit: Duration, at path: (String) -> String = { $0 },
        _ look: @escaping @Sendable (String) -> Value
    ) -> [String: Value] {
        var found: [String: Value] = [:]
        var rest = Array(Set(subjects))[...]
        while !rest.isEmpty {
            let group = rest.prefix(width)
            rest = rest.dropFirst(width)
            let looks = RunningLooks<Value>(what: what)
            looks.begin(group.map { ($0, path($0)) }, limit, look)
            found.merge(looks.wait(limit)) { first, _ in first }
        }
        return found
    }

    /// Work on a path of which a single file may hang: on a thread that is given up after `limit`. Blocks, for twice `limit` at most.
    ///
    /// - Parameters:
    ///   - key: under which it is one at a time; not the path, at which the work itself may look.
    ///   - path: what it is called by where nobody knows which file hangs.
    /// - Throws: what `work` throws; `HangFault`.
    public static func one<Value: Sendable>(
        _ key: String, at path: String, limit: Duration, _ work: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        let looks = RunningLooks<Result<Value, any Error>>(what: key)
        looks.begin([(path, path: "\(key) of \(path)")], limit) { _ in Result { try work() } }
        guard let result = looks.wait(limit)[path] else {
            let touched = looks.touched(path) ?? Hangs.oldest(below: [path]) ?? path
            throw HangFault(touched, within: limit)
        }
        return try result.get()
    }

    /// Whether a path answers at all, whatever it says. Blocks, for twice `limit` at most.
    public static func answers(_ path: String, limit: Duration) -> Bool {
        all([path], what: "look", limit: limit) { path -> Int32 in
            var status = stat()
            return stat(path, &status)
        }[path] != nil
    }
}

/// Gathers what several threads say, until one no longer waits.
private final class RunningLooks<Value: Sendable>: Sendable {
    private struct State {
        var started: [String: (path: String, at: ContinuousClock.Instant)] = [:]
        /// What the threads do.
        var threads: [String: ThreadTouch] = [:]
        /// Of those that were given up: the file that each hangs at, where it is another than its path.
        var touched: [String: String] = [:]
        var values: [String: Value] = [:]
        var isGivenUp = false
    }

    private let what: String
    private let monitor = Monitor()
    private let state = Mutex(State())

    init(what: String) {
        self.what = what
    }

    /// Starts each look as soon as none of another is under way there.
    func begin(
        _ subjects: [(String, path: String)], _ limit: Duration, _ look: @escaping @Sendable (String) -> Value
    ) {
        let deadline = ContinuousClock.now + limit
        var waiting = subjects
        while true {
            waiting.removeAll { subject, path in
                switch Hangs.beginLook(path, limit: limit) {
                case .wait: return false
                case .hopeless: return true
                case .go:
                    state.withLock { $0.started[subject] = (path, .now) }
                    let work: @Sendable () -> Void = {
                        self.state.withLock { $0.threads[subject] = .ofThisThread }
                        self.end(look(subject), subject, path)
                    }
                    // Where there is no thread the caller's does it: that it answers in time is more likely than not.
                    do { try startThread(what, work) } catch { work() }
                    return true
                }
            }
            guard !waiting.isEmpty, ContinuousClock.now < deadline else { return }
            usleep(5_000)
        }
    }

    private func end(_ value: Value, _ subject: String, _ path: String) {
        monitor.locked {
            let (isLate, touched) = state.withLock { state in
                state.values[subject] = value
                return (state.isGivenUp, state.touched[subject])
            }
            Hangs.endLook(path)
            if isLate { Hangs.leave(path) }
            if let touched { Hangs.leave(touched) }
            monitor.wakeAll()
        }
    }

    func wait(_ limit: Duration) -> [String: Value] {
        let deadline = ContinuousClock.now + limit
        return monitor.locked {
            while state.withLock({ $0.values.count < $0.started.count }), ContinuousClock.now < deadline {
                monitor.wait(atMost: deadline - .now)
            }
            return state.withLock { state in
                state.isGivenUp = true
                for (subject, start) in state.started where state.values[subject] == nil {
                    Hangs.enter(start.path, since: start.at)
                    guard let file = state.threads[subject]?.subject, file != start.path else { continue }
                    state.touched[subject] = file
                    Hangs.enter(file, since: start.at)
                }
                return state.values
            }
        }
    }

    /// After `wait`: the file at which a look that was given up hangs, as far as it is known.
    func touched(_ subject: String) -> String? { state.withLock { $0.touched[subject] } }
}
