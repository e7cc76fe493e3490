// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// What may be done with the lease as it was found: pure, so that every race can be tried.
enum LeaseDecision: Equatable {
    /// Nobody ever held it: write this, if still absent.
    case create(Lease)
    /// It was given back, or ran out: write this in place of the version found. `expired` is the holder who lost it.
    case replace(Lease, expired: Lease?)
    /// Somebody holds it.
    case held(Lease)

    /// - Parameters:
    ///   - found: the lease in the bucket, nil for a definite 404.
    ///   - now: the store's time, so that two coordinators judge expiry by one clock.
    static func taking(found: Lease?, as claim: LeaseClaim, now: Date) -> LeaseDecision {
        guard let found else { return .create(claim.lease(fence: Fence.following(0, at: now), at: now)) }
        let next = claim.lease(fence: Fence.following(found.fence, at: now), at: now)
        if found.isReleased { return .replace(next, expired: nil) }
        guard found.isOver(at: now) else { return .held(found) }
        return .replace(next, expired: found)
    }
}

/// Who wants the lease, and for what.
struct LeaseClaim: Equatable, Sendable {
    var cluster: String
    var holder: String
    var verb: String
    var run: RunName?
    /// Of this hold alone.
    var hold: String?

    func lease(fence: Int, at now: Date) -> Lease {
        let start = now.wholeSecond
        return Lease(
            cluster: cluster, holder: holder, verb: verb, run: run, fence: fence, acquiredAt: start,
            expiresAt: start.addingTimeInterval(Lease.validForSeconds), hold: hold)
    }
}

extension Lease {
    static var validForSeconds: Double { Double(validFor.components.seconds) }
    static var renewEverySeconds: Double { Double(renewEvery.components.seconds) }

    /// Whether `other` was written by the same holder in the same hold: what distinguishes a lost lease from a
    /// write whose answer was lost.
    func isSameHold(as other: Lease) -> Bool {
        holder == other.holder && hold == other.hold && fence == other.fence && acquiredAt == other.acquiredAt
    }

    /// Whether it has run out. One that claims to live for days was written by no coordinator, which renews it every few seconds, and
    /// would hold the cluster for ever.
    func isOver(at now: Date) -> Bool {
        expiresAt <= now || expiresAt.timeIntervalSince(now) > Self.mostAheadSeconds
    }

    private static let mostAheadSeconds: Double = 86_400

    func renewed(at now: Date) -> Lease {
        var lease = self
        lease.expiresAt = now.wholeSecond.addingTimeInterval(Self.validForSeconds)
        return lease
    }

    func released(at now: Date) -> Lease {
        var lease = self
        lease.expiresAt = now.wholeSecond
        lease.isReleased = true
        return lease
    }
}

extension Date {
    /// Without its fraction, which our JSON does not carry.
    var wholeSecond: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}
