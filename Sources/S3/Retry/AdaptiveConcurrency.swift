// SPDX-License-Identifier: Apache-2.0

/// How many requests may run at a time: half as many when the store asks to slow down, slowly more again as it
/// answers. A pure value; `RequestGate` makes requests wait.
struct AdaptiveConcurrency {
    /// A request that runs, and since which halving.
    struct Ticket: Equatable {
        fileprivate let halvingCount: Int
    }

    /// How a request ended.
    enum Outcome {
        case answered
        case slowDown
        case failed
    }

    /// What somebody may want to know of the limit.
    enum Change: Equatable {
        case halved(to: Int)
        /// Where it was before the first halving.
        case recovered(to: Int)
    }

    private let maximum: Double
    private(set) var limit: Double
    private(set) var runningCount = 0
    private var halvingCount = 0

    init(maximum: Int) {
        precondition(maximum > 0)
        self.maximum = Double(maximum)
        limit = Double(maximum)
    }

    /// A ticket if one more may run now.
    mutating func start() -> Ticket? {
        guard runningCount < Int(limit) else { return nil }
        runningCount += 1
        return Ticket(halvingCount: halvingCount)
    }

    /// Gives the ticket back.
    ///
    /// Requests that were under way when the limit was halved say nothing new about the halved rate: their
    /// `slowDown` does not count again.
    @discardableResult
    mutating func end(_ ticket: Ticket, _ outcome: Outcome) -> Change? {
        runningCount -= 1
        switch outcome {
        case .answered where limit < maximum:
            limit = min(maximum, limit + 1 / limit)
            return limit == maximum ? .recovered(to: Int(limit)) : nil
        case .slowDown where ticket.halvingCount == halvingCount:
            limit = max(1, limit / 2)
            halvingCount += 1
            return .halved(to: Int(limit))
        case .answered, .slowDown, .failed:
            return nil
        }
    }
}
