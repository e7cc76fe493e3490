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
    /// What does not say it tells a trial: the same condition and none, at an object that nobody reads. It is made only where a
    /// condition was refused.
    func conditionFault(of error: S3Error) async -> ConditionFault? {
        if case .noConditionalWrites(_, let fault) = error { return fault }
        guard error.mayBeOfCondition else { return nil }
        let trial = Array("Whether the store takes conditional writes was tried here.\n".utf8)
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
