// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// One node's trouble, whatever it is, is that node's alone: the others are complete, it is named with its reason, the next night
    /// runs, and the coordinator stays small.
    @Suite(
        .serialized, .needs(Machine.cluster), .enabled(if: HungMount.isUsable),
        .arranged(ThreeNights.self), .timeLimit(.minutes(8)))
    struct TroubledNodeTests {
        /// Of the coordinator.
        static let limitKibibytes = 128 << 10

        @Test(
            arguments: LongTests.whole(
                NodeTrouble.all, or: NodeTrouble.sample, leavingOut: "seven kinds of trouble of one node"))
        func `costs that node alone, and one night`(_ trouble: NodeTrouble) async throws {
            let made = try Arranged.as(ThreeNights.self)
            let begun = try await trouble.begin(made)
            let night: (result: CommandResult, peakKibibytes: Int)
            do {
                night = try await made.night(begun.file)
            } catch {
                try await begun.mend()
                throw error
            }
            try await begun.mend()
            let next = try await made.night()

            let report = try CommandJSON(night.result)
            let reason = report.errors(of: "node03").joined(separator: "\n")
            print("\(trouble): \(night.peakKibibytes >> 10) MiB: \(reason)")
            #expect(night.result.exit == 3, "\(night.result)")
            #expect(report.states.prefix(2) == ["complete", "complete"], "\(night.result)")
            #expect(report.states.last != "complete", "\(night.result)")
            for text in trouble.texts { #expect(reason.contains(text), "\(text) in \(night.result)") }
            #expect(night.peakKibibytes < Self.limitKibibytes, "\(night.peakKibibytes) KiB")
            #expect(!night.result.errors.unicodeScalars.contains(where: Self.isHidden), "\(night.result)")
            // In JSON it is escaped.
            #expect(!night.result.output.unicodeScalars.contains(where: Self.isHidden), "\(night.result)")
            #expect(next.result.exit == 0, "\(next.result)")
        }

        @Test func `what it calls itself and says reaches no terminal as it is, in text neither`()
            async throws
        {
            let made = try Arranged.as(ThreeNights.self)
            let hostile = try #require(NodeTrouble.all.last)
            let begun = try await hostile.begin(made)
            let plan = try await made.cluster.amfleet(["plan"])
            try await begun.mend()
            #expect(plan.exit == 3, "\(plan)")
            #expect(plan.text.contains("<U+001B>]0;owned<U+0007>"), "\(plan)")
            for line in plan.text.split(separator: "\n") {
                #expect(!line.unicodeScalars.contains(where: Self.isHidden), "\(plan)")
                #expect(!line.hasPrefix("node01: complete"), "\(plan)")
            }
        }

        /// What a terminal obeys.
        private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x0A, 0x09: false
            case ..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
            default: false
            }
        }
    }
}
