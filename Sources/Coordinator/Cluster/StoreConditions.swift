// SPDX-License-Identifier: Apache-2.0

import LogOutput
import Logging
import Synchronization

/// What is known of the store's conditional writes: learnt by whoever takes the lease, and by a write that is refused.
final class StoreConditions: Sendable {
    private enum Knowledge {
        case untried
        case kept
        case missing
    }

    private let knowledge = Mutex(Knowledge.untried)
    private let logger: Logger

    init(logger: Logger = .discarding) {
        self.logger = logger
    }

    /// They were proved: a condition says all that a look would.
    var areKept: Bool { knowledge.withLock { $0 == .kept } }

    /// The store has none: asking again would cost a request each time.
    var areMissing: Bool { knowledge.withLock { $0 == .missing } }

    func noteKept() { knowledge.withLock { $0 = .kept } }

    /// - Parameter fault: what became of a condition on a write that the store then took without one.
    func noteMissing(_ fault: String) {
        knowledge.withLock { $0 = .missing }
        logger.info(
            "the store takes no conditional writes: our documents are looked at and then written",
            metadata: ["reason": "\(fault)"])
    }
}
