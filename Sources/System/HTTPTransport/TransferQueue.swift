// SPDX-License-Identifier: Apache-2.0

/// Requests that wait for a connection, and how many may be had.
///
/// Where there are more peers than connections, a request to a peer whose connection still stands goes before those that need
/// a new one: in the order in which they were asked for, each connection would be closed just before it could be used again. For the
/// same reason one that would cost another's connection waits for `grace`, and until that one has been idle for as long. Nobody is
/// passed by for longer than `patience`. New connections are made in waves (`PendingHandshakes`).
struct TransferQueue {
    static let patience: Duration = .seconds(5)
    /// In which whoever has got an answer asks the next question, if he has one.
    static let grace: Duration = .milliseconds(100)

    private var budget: ConnectionBudget
    private var idle = IdlePeers()
    private var handshakes = PendingHandshakes()
    /// Asked for and not yet begun, oldest first: those whose peer's connection stood idle then, and the others.
    private var expected: [Transfer] = []
    private var others: [Transfer] = []
    /// Nothing is begun before: there were no descriptors.
    private(set) var nextBegin: ContinuousClock.Instant?
    /// When one of those that wait may begin, whatever happens until then.
    private(set) var nextLook: ContinuousClock.Instant?

    init(_ budget: ConnectionBudget) {
        self.budget = budget
    }

    /// All that wait.
    var waiting: [Transfer] { expected + others }

    mutating func add(_ transfer: Transfer, now: ContinuousClock.Instant = .now) {
        transfer.queuedAt = now
        if standsIdle(transfer) {
            expected.append(transfer)
        } else {
            others.append(transfer)
        }
    }

    /// False: it does not wait.
    mutating func remove(_ transfer: Transfer) -> Bool {
        if let index = expected.firstIndex(where: { $0 === transfer }) {
            expected.remove(at: index)
        } else if let index = others.firstIndex(where: { $0 === transfer }) {
            others.remove(at: index)
        } else {
            return false
        }
        return true
    }

    mutating func removeAll() -> [Transfer] {
        defer { (expected, others) = ([], []) }
        return waiting
    }

    /// The next that may begin, which counts from now on; nil: none may.
    mutating func next(now: ContinuousClock.Instant = .now) -> Transfer? {
        if let next = nextBegin, next > now { return nil }
        (nextBegin, nextLook) = (nil, nil)
        guard budget.admits(looksUp: false) else { return nil }
        handshakes.forgetSlow(now: now)
        let isPassedBy = others.first.map { now - $0.queuedAt >= Self.patience } ?? false
        guard let found = (isPassedBy ? nil : take(from: \.expected)) ?? other(now) ?? take(from: \.expected)
        else {
            if handshakes.isFull, !waiting.isEmpty { nextLook = handshakes.nextForgotten }
            return nil
        }
        if !found.request.reusesConnection || !idle.take(found.request.peer) {
            idle.keep(budget.idleLimit - 1)
            handshakes.begin(found, now: now)
        }
        budget.begin(looksUp: found.looksUpName)
        return found
    }

    /// The oldest of those that need a connection more.
    private mutating func other(_ now: ContinuousClock.Instant) -> Transfer? {
        guard let first = others.first, !handshakes.isFull else { return nil }
        if idle.count >= budget.idleLimit, let oldest = idle.oldest {
            let time = min(max(first.queuedAt, oldest) + Self.grace, first.queuedAt + Self.patience)
            guard time <= now else {
                nextLook = time
                return nil
            }
        }
        return take(from: \.others)
    }

    private mutating func take(from line: WritableKeyPath<TransferQueue, [Transfer]>) -> Transfer? {
        let index = self[keyPath: line].firstIndex {
            budget.admits(looksUp: $0.looksUpName) && (!handshakes.isFull || standsIdle($0))
        }
        return index.map { self[keyPath: line].remove(at: $0) }
    }

    private func standsIdle(_ transfer: Transfer) -> Bool {
        transfer.request.reusesConnection && idle.has(transfer.request.peer)
    }

    mutating func endLookup() {
        budget.endLookup()
    }

    mutating func connected(_ transfer: Transfer) {
        handshakes.end(transfer)
    }

    /// A request that had begun is over.
    ///
    /// - Parameter keepsConnection: the answer came to its end, and another may follow.
    mutating func end(
        _ transfer: Transfer, keepsConnection: Bool, now: ContinuousClock.Instant = .now
    ) {
        budget.end()
        handshakes.end(transfer)
        guard keepsConnection, transfer.request.reusesConnection else { return }
        idle.add(transfer.request.peer, now: now)
        idle.keep(budget.idleLimit)
    }

    /// Has a transfer that was ended wait again, first of all, since there was no descriptor.
    mutating func postpone(_ transfer: Transfer, until time: ContinuousClock.Instant) {
        transfer.queuedAt = .now
        expected.insert(transfer, at: 0)
        nextBegin = time
    }
}

extension HTTPRequest {
    /// Whom a connection of it leads to.
    var peer: String { connectTo ?? String(Self.authority(of: url)) }
}
