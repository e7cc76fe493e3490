// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import Testing

@testable import Coordinator

@Suite struct LeaseDecisionTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let claim = LeaseClaim(
        cluster: "demo", holder: "me@here, pid 1", verb: "backup", run: RunName("20261123030600"))

    @Test func `creates the first lease with the time as its fence and a minute to live`() {
        let expected = Lease(
            cluster: "demo", holder: "me@here, pid 1", verb: "backup", run: RunName("20261123030600"),
            fence: 1_800_000_000, acquiredAt: now,
            expiresAt: now.addingTimeInterval(60))
        #expect(LeaseDecision.taking(found: nil, as: claim, now: now) == .create(expected))
    }

    @Test func `is refused by a holder who still has time`() {
        let held = lease(expiresIn: 1)
        #expect(LeaseDecision.taking(found: held, as: claim, now: now) == .held(held))
    }

    @Test(arguments: [0.0, -1, -3600])
    func `takes over one that ran out, with a higher fence, and remembers whose it was`(seconds: Double) {
        let old = lease(expiresIn: seconds)
        guard case .replace(let new, let expired) = LeaseDecision.taking(found: old, as: claim, now: now)
        else {
            Issue.record("not replaced")
            return
        }
        #expect(new.fence == 1_800_000_000)
        #expect(new.holder == claim.holder)
        #expect(expired == old)
    }

    @Test func `takes one that was given back at once, without calling it expired`() {
        let released = lease(expiresIn: 50).released(at: now)
        guard case .replace(let new, let expired) = LeaseDecision.taking(found: released, as: claim, now: now)
        else {
            Issue.record("not replaced")
            return
        }
        #expect(new.fence == 1_800_000_000)
        #expect(expired == nil)
    }

    @Test func `counts on from a fence that is ahead of the clock`() {
        var old = lease(expiresIn: 0)
        old.fence = 1_900_000_000
        guard case .replace(let new, _) = LeaseDecision.taking(found: old, as: claim, now: now) else {
            Issue.record("not replaced")
            return
        }
        #expect(new.fence == 1_900_000_001)
    }

    @Test func `knows its own hold again, and no other`() {
        let ours = lease(expiresIn: 60)
        var other = ours
        other.fence += 1
        #expect(ours.renewed(at: now.addingTimeInterval(15)).isSameHold(as: ours))
        #expect(!other.isSameHold(as: ours))
        // Containers: one host's name, `pid 1`, the same second.
        (other, other.hold) = (ours, "2")
        #expect(!other.isSameHold(as: ours))
        #expect(ours.renewed(at: now.addingTimeInterval(15)).expiresAt == now.addingTimeInterval(75))
    }

    @Test func `survives the way through JSON unchanged, so that a lost answer can be recognised`() throws {
        let made = claim.lease(fence: 3, at: Date(timeIntervalSince1970: 1_800_000_000.75))
        let read = try WireJSON.read(Lease.self, from: WireJSON.document(made), what: "lease")
        #expect(read == made)
    }

    @Test func `says who holds the cluster, for what, and until when`() {
        let text = CoordinatorError.leaseHeld(lease(expiresIn: 30)).description
        #expect(text.hasPrefix("you@there, pid 2 holds the cluster: backup 20261123010000, since "))
        #expect(text.contains("\nhint: 'amfleet watch' follows it; without renewal its lease ends at "))
    }

    @Test func `the run that its holder works on is a value, of an older coordinator the manifest's number`()
        throws
    {
        var manifest = Sample.manifest([], .running)
        var held = lease(expiresIn: 30)
        #expect(!held.isHeld(for: manifest))
        manifest.run = try #require(held.run)
        #expect(held.isHeld(for: manifest))
        (held.verb, held.run) = (nil, nil)
        #expect(!held.isHeld(for: manifest))
        manifest.fence = held.fence
        #expect(held.isHeld(for: manifest))
        held.verb = "cancel"
        #expect(!held.isHeld(for: manifest))
    }

    private func lease(expiresIn seconds: Double) -> Lease {
        Lease(
            cluster: "demo", holder: "you@there, pid 2", verb: "backup", run: RunName("20261123010000"),
            fence: 7,
            acquiredAt: now.addingTimeInterval(-100), expiresAt: now.addingTimeInterval(seconds))
    }
}
