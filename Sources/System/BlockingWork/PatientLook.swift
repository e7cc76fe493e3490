// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Looks at things that may never answer, such as a dead network file system, and goes on without them.
///
/// Each look has a thread of its own. One that did not come back in time stays behind with its thread, and its subject is not looked at again until it
/// does: however often it is asked, one thread hangs.
public enum PatientLook {
    private static let width = 32
    /// Looks that were given up and have not come back.
    fileprivate static let hanging = Mutex<Set<String>>([])

    /// What `look` says of each subject; nil where it has not come back within `limit`. Blocks, for `limit` at most in each group of 32.
    ///
    /// - Parameter what: what is looked at in the subjects: with each of them it names a look.
    public static func all<Value: Sendable>(
        _ subjects: [String], what: String, limit: Duration,
        _ look: @escaping @Sendable (String) -> Value
    ) -> [String: Value] {
        var found: [String: Value] = [:]
        var rest = Array(Set(subjects))[...]
        while !rest.isEmpty {
            let group = rest.prefix(width)
            rest = rest.dropFirst(width)
            let asked = hanging.withLock { hanging in group.filter { !hanging.contains("\(what) \($0)") } }
            let answers = Answers<Value>(what: what)
            for subject in asked {
                startDetachedThread(what) { answers.set(look(subject), of: subject) }
            }
            found.merge(answers.wait(for: asked, limit)) { first, _ in first }
        }
        return found
    }
}

/// Gathers what several threads say, until one no longer waits.
private final class Answers<Value: Sendable>: Sendable {
    private struct State {
        var values: [String: Value] = [:]
        var isGivenUp = false
    }

    private let what: String
    private let monitor = Monitor()
    private let state = Mutex(State())

    init(what: String) {
        self.what = what
    }

    func set(_ value: Value, of subject: String) {
        monitor.locked {
            let isLate = state.withLock { state in
                state.values[subject] = value
                return state.isGivenUp
            }
            if isLate { PatientLook.hanging.withLock { _ = $0.remove("\(what) \(subject)") } }
            monitor.wakeAll()
        }
    }

    func wait(for subjects: [String], _ limit: Duration) -> [String: Value] {
        let deadline = ContinuousClock.now + limit
        return monitor.locked {
            while state.withLock({ $0.values.count }) < subjects.count, ContinuousClock.now < deadline {
                monitor.wait(atMost: deadline - .now)
            }
            return state.withLock { state in
                state.isGivenUp = true
                let late = subjects.filter { state.values[$0] == nil }
                PatientLook.hanging.withLock { $0.formUnion(late.map { "\(what) \($0)" }) }
                return state.values
            }
        }
    }
}
