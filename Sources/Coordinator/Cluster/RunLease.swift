// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import LogOutput
import Logging
import S3
import Synchronization

/// Our hold of the cluster: taken, renewed every 15 s, given back. Only conditional writes, so that one gets it.
final class RunLease: Sendable {
    private let bucket: ClusterBucket
    private let state: Mutex<State>
    /// The store's time: every coordinator judges expiry by the same clock.
    private let storeTime: @Sendable () -> Date
    private let logger: Logger

    /// A holder whose lease had run out: said to the operator.
    let takenFrom: Lease?
    let fence: Int

    private struct State {
        var stored: ClusterBucket.Stored<Lease>
        var lostTo: String?
    }

    private init(
        bucket: ClusterBucket, stored: ClusterBucket.Stored<Lease>, takenFrom: Lease?, logger: Logger,
        storeTime: @escaping @Sendable () -> Date
    ) {
        self.bucket = bucket
        self.takenFrom = takenFrom
        self.storeTime = storeTime
        self.logger = logger
        fence = stored.value.fence
        state = Mutex(State(stored: stored))
    }

    /// Takes the lease, or says who has it.
    ///
    /// - Throws: `CoordinatorError.leaseHeld`; `.noConditionalWrites` where the store lets two writers through.
    static func take(
        _ bucket: ClusterBucket, as claim: LeaseClaim, logger: Logger = .discarding,
        storeTime: @escaping @Sendable () -> Date
    ) async throws -> RunLease {
        let key = bucket.layout.lease
        for _ in 0..<5 {
            let found = try await bucket.read(Lease.self, key)
            let wanted: Lease
            let condition: WriteCondition
            var takenFrom: Lease?
            switch LeaseDecision.taking(found: found?.value, as: claim, now: storeTime()) {
            case .held(let lease):
                logger.info("the lease is another's", metadata: lease.metadata)
                throw CoordinatorError.leaseHeld(lease)
            case .create(let lease): (wanted, condition) = (lease, .ifAbsent)
            case .replace(let lease, let expired):
                (wanted, condition) = (lease, .ifMatch(found?.entityTag ?? ""))
                takenFrom = expired
            }
            guard let stored = try await write(wanted, condition, to: bucket) else {
                logger.info("another was faster to take the lease: looked at again")
                continue
            }
            try await proveConditions(stored, bucket)
            if let takenFrom { logger.info("the lease had run out", metadata: takenFrom.metadata) }
            logger.info("lease taken", metadata: stored.value.metadata)
            return RunLease(
                bucket: bucket, stored: stored, takenFrom: takenFrom, logger: logger, storeTime: storeTime)
        }
        throw CoordinatorError.leaseLost(to: "other coordinators that start at the same time")
    }

    /// Whether new things may be started: it is ours, and was renewed in time.
    var isHeld: Bool {
        state.withLock { $0.lostTo == nil && $0.stored.value.expiresAt > storeTime() }
    }

    /// Who has it instead, once it is lost.
    var lostTo: String? { state.withLock(\.lostTo) }

    /// Renews until cancelled or lost; while the store is away it tries again, since nobody else can take it either.
    func keep(onLoss: @escaping @Sendable (String) async -> Void) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Lease.renewEvery)
            guard !Task.isCancelled else { return }
            if let holder = await renew() {
                await onLoss(holder)
                return
            }
        }
    }

    /// - Returns: who has taken it, nil while it is ours or the store is away.
    func renew() async -> String? {
        let current = state.withLock(\.stored)
        let wanted = current.value.renewed(at: storeTime())
        do {
            if let stored = try await Self.write(wanted, .ifMatch(current.entityTag), to: bucket) {
                state.withLock { $0.stored = stored }
                logger.debug("lease renewed", metadata: ["expires": "\(stored.value.expiresAt)"])
                return nil
            }
            let found = try await bucket.read(Lease.self, bucket.layout.lease)
            if let found, found.value.isSameHold(as: wanted), !found.value.isReleased {
                state.withLock { $0.stored = found }
                logger.debug("lease renewed, though the answer was lost")
                return nil
            }
            let holder = found?.value.holder ?? "whoever removed it"
            state.withLock { $0.lostTo = holder }
            logger.warning("lease lost", metadata: ["holder": "\(holder)"])
            return holder
        } catch {
            logger.info("the lease could not be renewed, tried again", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// Gives it back. Best effort: what is not released expires.
    func release() async {
        let current = state.withLock { $0.lostTo == nil ? $0.stored : nil }
        guard let current else { return }
        do {
            let released = current.value.released(at: storeTime())
            let stored = try await bucket.write(released, bucket.layout.lease, .ifMatch(current.entityTag))
            logger.info(stored == nil ? "the lease was no longer ours to give back" : "lease given back")
        } catch {
            logger.info("the lease could not be given back: it runs out", metadata: ["reason": "\(error)"])
        }
    }

    /// A conditional write, or nil if another was faster. A write whose answer was lost counts as ours.
    private static func write(
        _ lease: Lease, _ condition: WriteCondition, to bucket: ClusterBucket
    ) async throws -> ClusterBucket.Stored<Lease>? {
        if let stored = try await bucket.write(lease, bucket.layout.lease, condition) { return stored }
        let found = try await bucket.read(Lease.self, bucket.layout.lease)
        return found.flatMap { $0.value == lease ? $0 : nil }
    }

    /// Two conditions that do not hold must be refused: some stores take the headers and ignore them.
    ///
    /// What is written is not what is there, so that a refusal after an answer that was lost is one. Where it is taken
    /// after all, it is this very hold given back: nothing is left that blocks the next.
    private static func proveConditions(
        _ stored: ClusterBucket.Stored<Lease>, _ bucket: ClusterBucket
    ) async throws {
        var decoy = stored.value
        decoy.isReleased = true
        for condition in [WriteCondition.ifAbsent, .ifMatch("0\(stored.entityTag)")] {
            guard try await bucket.write(decoy, bucket.layout.lease, condition) != nil else { continue }
            throw CoordinatorError.noConditionalWrites(store: "the store of bucket '\(bucket.bucket)'")
        }
    }
}

extension Lease {
    fileprivate var metadata: Logger.Metadata {
        ["holder": "\(holder)", "purpose": "\(purpose)", "fence": "\(fence)", "expires": "\(expiresAt)"]
    }
}
