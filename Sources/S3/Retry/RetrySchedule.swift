// SPDX-License-Identifier: Apache-2.0

/// The course of one request's attempts: what to do after each failure. A pure value; the caller waits.
struct RetrySchedule {
    /// What to do next.
    enum Decision: Equatable {
        case retry(after: Duration)
        case giveUp
    }

    private let policy: RetryPolicy
    private(set) var failureCount = 0
    private var waitCount = 0
    private var corruptionCount = 0
    private var foreignCount = 0
    private var hasCorrectedClock = false
    private var hasRefreshedCredentials = false
    private var refusals = Readings<String>()
    private var giveUpAt: ContinuousClock.Instant?

    /// Something arrived changed: the next attempt does not use a connection again, for that may be what changes it.
    var needsNewConnection: Bool { corruptionCount + foreignCount > 0 }

    /// An attempt may have taken effect although we got no answer, or a bad one.
    private(set) var hasUncertainAttempt = false

    init(policy: RetryPolicy) {
        self.policy = policy
    }

    /// Takes one failure.
    ///
    /// - Parameter random: 0 to 1: the jitter, so that many nodes do not come back in step.
    mutating func next(
        after failure: RetryClass, now: ContinuousClock.Instant = .now, random: Double = .random(in: 0...1)
    ) -> Decision {
        failureCount += 1
        let giveUpAt = self.giveUpAt ?? now + policy.storageOutage
        self.giveUpAt = giveUpAt
        switch failure {
        case .final:
            return .giveUp
        case .clockSkew:
            defer { hasCorrectedClock = true }
            return hasCorrectedClock ? .giveUp : .retry(after: .zero)
        case .expiredCredentials:
            defer { hasRefreshedCredentials = true }
            return hasRefreshedCredentials ? .giveUp : .retry(after: .zero)
        case .changedInTransit:
            corruptionCount += 1
            return corruptionCount < policy.corruptionAttempts ? .retry(after: .zero) : .giveUp
        case .foreign:
            foreignCount += 1
            let delay = nextDelay(random)
            return foreignCount < Readings<BytesRead>.limit && now + delay < giveUpAt
                ? .retry(after: delay) : .giveUp
        case .transient, .slowDown:
            hasUncertainAttempt = true
            let delay = nextDelay(random)
            return now + delay < giveUpAt ? .retry(after: delay) : .giveUp
        }
    }

    /// An attempt was answered with success, but in a form that cannot be believed.
    mutating func noteUnbelievedSuccess() {
        hasUncertainAttempt = true
    }

    /// Takes a refusal; whether it has come before in the same words.
    mutating func hasComeBefore(_ fault: ServiceFault) -> Bool {
        refusals.agree(on: "\(fault.status) \(fault.code ?? "") \(fault.words.message)")
    }

    /// What is left of our patience, once something has failed: the bound of the next attempt.
    func remaining(now: ContinuousClock.Instant = .now) -> Duration? {
        giveUpAt.map { max(.seconds(1), $0 - now) }
    }

    /// Doubles up to the cap; half of it fixed, half of it random.
    private mutating func nextDelay(_ random: Double) -> Duration {
        let doubled = policy.firstDelay * (1 << min(waitCount, 16))
        waitCount += 1
        let delay = min(doubled, policy.longestDelay)
        return delay * (0.5 + random / 2)
    }
}
