// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
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
        do {
            return try await onCondition(bucket, as: claim, logger: logger, storeTime: storeTime)
        } catch let error as S3Error {
            guard let fault = try await bucket.conditionFault(of: error) else { throw error }
            throw CoordinatorError.noConditionalWrites(store: bucket.client.location.endpointName, fault)
        }
    }

    private static func onCondition(
        _ bucket: ClusterBucket, as claim: LeaseClaim, logger: Logger,
        storeTime: @escaping @Sendable () -> Date
    ) async throws -> RunLease {
        let key = bucket.layout.lease
        var claim = claim
        claim.hold = claim.hold ?? String(UInt64.random(in: 0...UInt64.max), radix: 16)
        var isEverThere = false
        for _ in 0..<5 {
            let found = try await bucket.read(Lease.self, key)
            let wanted: Lease
            var takenFrom: Lease?
            switch LeaseDecision.taking(found: found?.value, as: claim, now: storeTime()) {
            case .held(let lease):
                logger.info("the lease is another's", metadata: lease.metadata)
                throw CoordinatorError.leaseHeld(lease)
            case .create(let lease): wanted = lease
            case .replace(let lease, let expired): (wanted, takenFrom) = (lease, expired)
            }
            guard let stored = try await bucket.take(wanted, over: found) else {
                isEverThere = isEverThere || found != nil
                logger.info("another was faster to take the lease: looked at again")
                continue
            }
            let lease = RunLease(
                bucket: bucket, stored: stored, takenFrom: takenFrom, logger: logger, storeTime: storeTime)
            guard try await lease.isProved(provesTag: found == nil) else {
                isEverThere = true
                logger.info("the lease was lost while it was tried: looked at again")
                continue
            }
            bucket.conditions.noteKept()
            if let takenFrom { logger.info("the lease had run out", metadata: takenFrom.metadata) }
            logger.info("lease taken", metadata: stored.value.metadata)
            return lease
        }
        if !isEverThere, try await bucket.client.head(key) == nil {
            throw CoordinatorError.noConditionalWrites(store: bucket.client.location.endpointName, .unmet)
        }
        throw CoordinatorError.leaseLost(to: "other coordinators that start at the same time")
    }

    /// Whether new things may be started: it is ours, and was renewed in time.
    var isHeld: Bool {
        state.withLock { $0.lostTo == nil && $0.stored.value.expiresAt > storeTime() }
    }

    /// Who has it instead, once it is lost.
    var lostTo: String? { state.withLock(\.lostTo) }

    /// Who has it instead, as the store says now; nil: it is ours, or the store does not say.
    ///
    /// - Parameter limit: whoever cancels does not wait for a store that is away.
    func confirmedLoss(within limit: Duration = renewalLimit) async -> String? {
        if let lostTo { return lostTo }
        return (try? await withTimeLimit(limit) { await self.renew() }) ?? nil
    }

    /// Renews until cancelled or lost; while the store is away it tries again, since nobody else can take it either.
    func keep() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Lease.renewEvery)
            guard !Task.isCancelled, await renew() == nil else { return }
        }
    }

    /// Returns once it is lost, with who has it; nil: the task was cancelled before.
    func untilLost() async -> String? {
        while !Task.isCancelled {
            if let lostTo { return lostTo }
            try? await Task.sleep(for: .milliseconds(500))
        }
        return nil
    }

    /// Whether something new may be started now. Where the last renewal is too old it is renewed first: a coordinator that was
    /// suspended must not act on what it once held.
    func mayStart() async -> Permission {
        if isHeld { return .yes }
        if lostTo == nil { _ = try? await withTimeLimit(Self.renewalLimit) { await self.renew() } }
        if isHeld { return .yes }
        return lostTo == nil ? .unknown : .no
    }

    /// - Throws: `CoordinatorError.leaseLost` once somebody else has it.
    func requireHeld() async throws {
        guard await mayStart() == .no, let lostTo else { return }
        throw CoordinatorError.leaseLost(to: lostTo)
    }

    enum Permission: Sendable, Equatable {
        case yes
        case no
        /// The store does not say.
        case unknown
    }

    private static let renewalLimit = Duration.seconds(20)

    /// - Returns: who has taken it, nil while it is ours or the store is away.
    func renew() async -> String? {
        do {
            guard let holder = try await renewed() else { return nil }
            state.withLock { $0.lostTo = holder }
            logger.warning("lease lost", metadata: ["holder": "\(holder)"])
            return holder
        } catch {
            logger.info("the lease could not be renewed, tried again", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// - Returns: who has taken it.
    private func renewed() async throws -> String? {
        let wanted = state.withLock(\.stored.value).renewed(at: storeTime())
        guard let stored = try await replace(with: wanted) else {
            return try await bucket.read(Lease.self, bucket.layout.lease)?.value.holder
                ?? "whoever removed it"
        }
        state.withLock { $0.stored = stored }
        logger.debug("lease renewed", metadata: ["expires": "\(stored.value.expiresAt)"])
        return nil
    }

    /// Gives it back. Best effort, and for no longer than it holds: what is not released expires.
    func release(within limit: Duration = Lease.validFor) async {
        guard let current = state.withLock({ $0.lostTo == nil ? $0.stored.value : nil }) else { return }
        do {
            let released = current.released(at: storeTime())
            guard let stored = try await withTimeLimit(limit, { try await self.replace(with: released) })
            else {
                logger.info("the lease was not given back in time: it runs out")
                return
            }
            logger.info(stored == nil ? "the lease was no longer ours to give back" : "lease given back")
        } catch {
            logger.info("the lease could not be given back: it runs out", metadata: ["reason": "\(error)"])
        }
    }

    /// Replaces our hold as we know it. Where something else lies there it may be a write of ours whose answer we never had:
    /// the hold says whose it is.
    ///
    /// - Returns: nil if it is ours no longer.
    private func replace(with wanted: Lease) async throws -> ClusterBucket.Stored<Lease>? {
        let key = bucket.layout.lease
        var current = state.withLock(\.stored)
        for _ in 0..<3 {
            if let stored = try await bucket.replace(current, with: wanted, key) { return stored }
            guard let found = try await bucket.read(Lease.self, key), found.value.isSameHold(as: wanted),
                !found.value.isReleased
            else { return nil }
            logger.debug("the lease is ours as of a write whose answer was lost")
            current = found
        }
        return nil
    }

    /// Tries that the store refuses what it must: some take the headers and ignore them. What is written to try it is this hold
    /// given back, so that it blocks nobody where it is taken.
    ///
    /// - Parameter provesTag: whether the store has not yet met an entity tag of its own: it is renewed for that.
    /// - Returns: false where it is not ours (any more).
    private func isProved(provesTag: Bool) async throws -> Bool {
        let stored = state.withLock(\.stored)
        do {
            let isKept = try await bucket.client.proveConditions(bucket.layout.lease, stored.object.version) {
                let end = stored.value.expiresAt.addingTimeInterval(Double($0))
                return try WireJSON.document(stored.value.released(at: end))
            }
            guard isKept else { return false }
            let isFresh = storeTime().timeIntervalSince(stored.value.acquiredAt) < Lease.renewEverySeconds
            return isFresh && !provesTag ? true : try await renewed() == nil
        } catch let error as S3Error {
            if error.mayBeOfCondition { await giveBackUnconditionally(stored.value) }
            throw error
        }
    }

    /// Where the store cannot do it on condition, and while nobody else can have taken it yet.
    private func giveBackUnconditionally(_ lease: Lease) async {
        let now = storeTime()
        guard lease.expiresAt.timeIntervalSince(now) > Lease.renewEverySeconds else { return }
        _ = try? await bucket.write(lease.released(at: now), bucket.layout.lease, .none)
    }
}
