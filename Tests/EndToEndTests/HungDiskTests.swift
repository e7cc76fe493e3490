// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A file system that stops answering under one disk costs that disk, for as long as it hangs.
    @Suite(.serialized, .needs(Machine.cluster), .enabled(if: HungMount.isUsable), .timeLimit(.minutes(9)))
    struct HungDiskTests {
        @Test func `a disk that hangs is left out, night after night, until it answers`() async throws {
            try await withHungDisk(lines: ["etimeout 10"]) { night in
                let (cluster, disk) = (night.cluster, night.mount.directory)
                try await night.backUp(expecting: 0)
                try await night.mount.hang()

                let first = try await night.backUp(expecting: 1)
                #expect(first.contains("disk '\(disk)' is left out: '\(disk)'"), "\(first)")
                #expect(first.contains("daily: \(night.node.data): done"), "\(first)")
                let threads = night.threads
                let count = LongTests.whole(
                    20, or: 4, leavingOut: "sixteen of twenty looks at a disk that hangs")
                for _ in 0..<count {
                    let status = try await cluster.amfleet(["status"])
                    #expect(
                        status.exit == 7 && status.text.contains("'\(disk)' still hangs since 20"),
                        "\(status)")
                }
                try await night.expectThreads(atMost: threads + 2)
                let second = try await night.backUp(expecting: 1)
                #expect(second.contains("'\(disk)' still hangs since 20"), "\(second)")

                try await night.mount.answer()
                try await eventually("nobody waits for the disk") {
                    try await !cluster.amfleet(["plan"]).text.contains("still hangs")
                }
                try await night.backUp(expecting: 0)
            }
        }

        @Test(.long) func `a disk that hangs under tar is given up, and so is a tar that cannot be killed`()
            async throws
        {
            try await withHungDisk(lines: ["dtimeout 10", "etimeout 10"]) { night in
                let disk = night.mount.directory
                try await night.mount.hang(on: "late", reading: true)
                let first = try await night.backUp(expecting: 1)
                #expect(
                    first.contains(
                        "'/usr/bin/tar' came to a halt, was killed and does not end: something in '\(disk)'"),
                    "\(first)")
                #expect(first.contains("daily: \(night.node.data): done"), "\(first)")
                #expect(night.children("tar").count == 1)

                let second = try await night.backUp(expecting: 1)
                #expect(second.contains("disk '\(disk)' is left out: '\(disk)'"), "\(second)")
                #expect(night.children("tar").count == 1)

                try await night.mount.answer()
                try await eventually("tar is reaped") { night.children("tar").isEmpty }
                try await night.backUp(expecting: 0)
            }
        }

        @Test(.long) func `an estimate of a disk that hangs inside ends with etimeout`() async throws {
            try await withHungDisk(lines: ["etimeout 10"]) { night in
                let disk = night.mount.directory
                try await night.mount.hang(on: "late")
                let said = try await night.backUp(expecting: 1)
                #expect(said.contains("something in '\(disk)' does not answer"), "\(said)")
                #expect(said.contains("daily: \(night.node.data): done"), "\(said)")
                let plan = try await night.cluster.amfleet(["plan"])
                #expect(plan.text.contains("'\(disk)' still hangs since 20"), "\(plan)")
                #expect(night.children("tar").count == 1)
            }
        }

        @Test(.long) func `a backup of a disk that hangs is cancelled in bounded time`() async throws {
            try await withHungDisk { night in
                try await night.mount.hang(on: "late")
                let backup = try night.cluster.startAmfleet(["backup"])
                try await eventually("it runs: \(backup.text)") { backup.text.contains("run 2") }
                try await night.mount.keepsSomebody()
                let start = ContinuousClock.now
                _ = try await night.cluster.amfleet(["cancel"])
                let ended = try await backup.end()
                #expect(ContinuousClock.now - start < .seconds(120), "\(ended)")
                #expect(ended.exit != 0, "\(ended)")
                try await night.mount.answer()
                try await eventually("tar is reaped") { night.children("tar").isEmpty }
                try await night.backUp(expecting: 0)
            }
        }

        private func withHungDisk(
            lines: [String] = [], _ body: (HungNight) async throws -> Void
        ) async throws {
            try await HungNight.with { night in
                var plan = ConfigurationPlan(name: "daily", tapecycle: 9)
                plan.globalLines = lines
                try await night.node.configure(plan, disks: [night.node.data, night.mount.directory])
            } body: {
                try await body($0)
            }
        }
    }
}
