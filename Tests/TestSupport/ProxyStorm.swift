// SPDX-License-Identifier: Apache-2.0

/// Faults that strike any request at random, each round of the same seed in the same order.
///
/// `busyShare` of the requests are answered with 503, a fifth of them after the server has acted. `resetShare` lose their
/// connection: before anything was passed on, after the server has acted, or in the middle of its answer.
public struct ProxyStorm: Sendable {
    private let busyShare: Double
    private let resetShare: Double
    private var generator: SeededGenerator

    /// By default 15 % of 503 and 5 % of resets.
    public init(seed: UInt64, busyShare: Double = 0.15, resetShare: Double = 0.05) {
        self.busyShare = busyShare
        self.resetShare = resetShare
        generator = SeededGenerator(seed: seed)
    }

    /// What happens to the next request.
    mutating func fault(for head: ProxyHead) -> ProxyFault? {
        let dice = Double.random(in: 0..<1, using: &generator)
        let kind = Int.random(in: 0..<15, using: &generator)
        if dice < busyShare { return busy(head, kind) }
        guard dice < busyShare + resetShare else { return nil }
        return [.cutConnection, .cutAnswer(after: 0), .halveAnswer][kind % 3]
    }

    /// The answer to HEAD has no body.
    private func busy(_ head: ProxyHead, _ kind: Int) -> ProxyFault {
        let code = kind % 2 == 0 ? "SlowDown" : "ServiceUnavailable"
        let answer = head.method == "HEAD" ? ProxyFault.answer(status: 503) : .error(status: 503, code: code)
        guard kind % 5 == 0, case .answer(let text) = answer else { return answer }
        return .answerInstead(text)
    }
}
