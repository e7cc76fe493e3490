// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TLS

@Suite struct ConnectionRollTests {
    private func roll(all: Int = 4, unproved: Int = 2, perPeer: Int = 2) -> ConnectionRoll {
        var limits = ConnectionLimits(descriptorCount: 1_024)
        (limits.all, limits.unproved, limits.perPeer) = (all, unproved, perPeer)
        return ConnectionRoll(limits)
    }

    @Test func `limits leave most descriptors to the work`() {
        let usual = ConnectionLimits(descriptorCount: 1_024)
        #expect(usual.all == 128 && usual.unproved == 64 && usual.perPeer == 32)
        let few = ConnectionLimits(descriptorCount: 256)
        #expect(few.all == 32 && few.unproved == 16 && few.perPeer == 8)
        let many = ConnectionLimits(descriptorCount: 1 << 30)
        #expect(many.all == 512 && many.unproved == 64)
    }

    @Test func `of those that have not proved who they are the oldest goes`() {
        var roll = roll()
        let first = roll.arrived(from: "192.0.2.1").number
        _ = roll.arrived(from: "192.0.2.1")
        let third = roll.arrived(from: "192.0.2.1")
        #expect(third.leaving == [first])
        #expect(roll.count == 2)
    }

    @Test func `a crowd from one host drives nobody else away`() {
        var roll = roll(all: 20, unproved: 3)
        let friend = roll.arrived(from: "192.0.2.9").number
        for _ in 0..<10 { #expect(!roll.arrived(from: "192.0.2.1").leaving.contains(friend)) }
        #expect(roll.proved(friend, as: "spiffe://demo/coordinator") == [])
    }

    @Test func `a name's longest idle connection gives way, and one that answers never does`() throws {
        var roll = roll(all: 10)
        var numbers: [Int] = []
        for _ in 0..<2 {
            let number = roll.arrived(from: "192.0.2.1").number
            #expect(roll.proved(number, as: "a") == [])
            roll.began(number)
            numbers.append(number)
        }
        let refused = roll.arrived(from: "192.0.2.1").number
        #expect(roll.proved(refused, as: "a") == nil)
        #expect(roll.count == 2)
        _ = roll.ended(numbers[1])
        let taken = roll.arrived(from: "192.0.2.1").number
        #expect(roll.proved(taken, as: "a") == [numbers[1]])
        let other = roll.arrived(from: "192.0.2.1").number
        #expect(roll.proved(other, as: "b") == [])
    }

    @Test func `in all there are no more than the limit, and who answers stays`() {
        var roll = roll(all: 2, unproved: 2)
        for peer in ["a", "b"] {
            let number = roll.arrived(from: "192.0.2.1").number
            _ = roll.proved(number, as: peer)
            roll.began(number)
        }
        let third = roll.arrived(from: "192.0.2.1")
        #expect(third.leaving == [third.number])
        #expect(roll.count == 2)
    }
}
