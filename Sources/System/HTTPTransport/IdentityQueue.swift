// SPDX-License-Identifier: Apache-2.0

/// Requests whose identity's files are being looked at, so that each begins with what they say by then. One look serves all that were
/// asked for before it began.
///
/// A look that does not come back holds nobody for longer than a limit: who was let in by these files before goes on with what they
/// said then, the others fail. Nobody else is sent there until it is back.
///
/// Ownership: the loop's thread.
struct IdentityQueue {
    /// For files that were read before; for those that were not, a disk may have to start.
    static let patience = Duration.seconds(3)
    static let firstPatience = Duration.seconds(20)

    /// An identity more is an authority that is renewed: no process has many.
    private static let limit = 16

    private struct Line {
        var known: IdentityReading?
        var look: IdentityLook?
        /// Served by the look that is under way.
        var asked: [Transfer] = []
        /// Came after it had begun.
        var others: [Transfer] = []

        var patience: Duration { known?.context == nil ? firstPatience : IdentityQueue.patience }

        var deadline: ContinuousClock.Instant? {
            asked.isEmpty && others.isEmpty ? nil : look.map { $0.begunAt + patience }
        }

        mutating func takeAll() -> [Transfer] {
            defer { (asked, others) = ([], []) }
            return asked + others
        }

        mutating func begin(_ paths: IdentityPaths, _ now: ContinuousClock.Instant) -> IdentityLook {
            let new = IdentityLook(paths, known: known, now: now)
            (look, asked, others) = (new, others, [])
            return new
        }
    }

    private var lines: [IdentityPaths: Line] = [:]

    /// When the first of those that wait has waited for long enough.
    var deadline: ContinuousClock.Instant? { lines.values.compactMap(\.deadline).min() }

    /// - Returns: the look that is to begin; nil: one is under way.
    mutating func add(
        _ transfer: Transfer, _ paths: IdentityPaths, now: ContinuousClock.Instant = .now
    ) -> IdentityLook? {
        if lines.count >= Self.limit, lines[paths] == nil {
            lines = lines.filter { $0.value.look != nil }
        }
        lines[paths, default: Line()].others.append(transfer)
        return lines[paths]?.look == nil ? lines[paths]?.begin(paths, now) : nil
    }

    /// A look is back.
    ///
    /// - Returns: those that may begin, with what they show and believe, and the look that is to begin for the others.
    mutating func end(
        _ look: IdentityLook, _ reading: IdentityReading, now: ContinuousClock.Instant = .now
    ) -> (ready: [Transfer], next: IdentityLook?) {
        guard var line = lines[look.paths], line.look === look else { return ([], nil) }
        let ready = line.asked
        for transfer in ready { transfer.identityContext = reading.context }
        (line.look, line.asked, line.known) = (nil, [], reading)
        let next = line.others.isEmpty ? nil : line.begin(look.paths, now)
        lines[look.paths] = line
        return (ready, next)
    }

    /// Those whose files have not answered for long enough.
    ///
    /// - Returns: those that go on with what the files said before, and those that cannot begin, each with why.
    mutating func overdue(
        now: ContinuousClock.Instant = .now
    ) -> (ready: [Transfer], failed: [(Transfer, HTTPTransportError)]) {
        var ready: [Transfer] = []
        var failed: [(Transfer, HTTPTransportError)] = []
        for paths in Array(lines.keys) {
            guard var line = lines[paths], let look = line.look, let deadline = line.deadline, deadline <= now
            else { continue }
            let (known, patience) = (line.known?.context, line.patience)
            for transfer in line.takeAll() {
                transfer.identityContext = known
                guard known == nil else {
                    ready.append(transfer)
                    continue
                }
                failed.append(
                    (transfer, .silentFile(url: transfer.request.url, path: look.asked, limit: patience)))
            }
            lines[paths] = line
        }
        return (ready, failed)
    }

    /// False: it does not wait here.
    mutating func remove(_ transfer: Transfer) -> Bool {
        for paths in Array(lines.keys) {
            guard var line = lines[paths] else { continue }
            let count = line.asked.count + line.others.count
            line.asked.removeAll { $0 === transfer }
            line.others.removeAll { $0 === transfer }
            guard line.asked.count + line.others.count < count else { continue }
            lines[paths] = line
            return true
        }
        return false
    }

    mutating func removeAll() -> [Transfer] {
        let waiting = lines.values.flatMap { $0.asked + $0.others }
        lines = [:]
        return waiting
    }
}
