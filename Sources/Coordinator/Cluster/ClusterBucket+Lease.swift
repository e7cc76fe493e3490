// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Logging
import S3

/// What the lease needs of the store: here a condition is all that keeps two coordinators apart, and nothing goes without.
extension ClusterBucket {
    /// A conditional write, or nil if another was faster. A write whose answer was lost counts as ours: no other hold is equal.
    func take(_ lease: Lease, over found: Stored<Lease>?) async throws -> Stored<Lease>? {
        let key = layout.lease
        let stored =
            if let found {
                try await replace(found, with: lease, key)
            } else {
                try await write(lease, key, .ifAbsent)
            }
        if let stored { return stored }
        let present = try await read(Lease.self, key)
        return present.flatMap { $0.value == lease ? $0 : nil }
    }

    /// Why the store cannot do what was refused with `error`; nil: it was refused for another reason.
    ///
    /// Whether it was the condition, a trial tells: the same write without one, at an object that nobody reads, and with one where the
    /// words leave it open. It is made only where a condition was refused.
    ///
    /// - Throws: the refusal of the write without a condition, where the store blamed the condition and refuses that too.
    func conditionFault(of error: S3Error) async throws -> ConditionFault? {
        guard error.mayBeOfCondition else { return nil }
        let trial = Array("Whether the store takes conditional writes was tried here.\n".utf8)
        if case .noConditionalWrites(_, let fault) = error {
            if case .refused = fault { _ = try await client.put(layout.conditionTrial, trial) }
            return fault
        }
        do {
            _ = try await client.put(layout.conditionTrial, trial)
        } catch {
            return nil
        }
        do {
            _ = try await client.put(layout.conditionTrial, trial, condition: .ifAbsent)
            return nil
        } catch S3Error.preconditionFailed {
            return nil
        } catch let refusal as S3Error {
            return refusal.mayBeOfCondition ? .refused("\(error.facts)") : nil
        } catch {
            return nil
        }
    }
}

extension Lease {
    var metadata: Logger.Metadata {
        ["holder": "\(holder)", "purpose": "\(purpose)", "fence": "\(fence)", "expires": "\(expiresAt)"]
    }
}
