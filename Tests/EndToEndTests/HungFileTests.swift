// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A single file that stops answering, or is none: it costs whoever needs it, and nobody else.
    @Suite(.serialized, .needs(Machine.cluster), .enabled(if: HungMount.isUsable), .timeLimit(.minutes(9)))
    struct HungFileTests {
        @Test(.long) func `what a configuration includes costs that configuration alone while it hangs`()
            async throws
        {
            try await HungNight.with(configurations: ["daily", "including", "linked"]) { night in
                let (node, mount) = (night.node, night.mount)
                try await node.configure(plan("daily"), disks: [node.data])
                var including = plan("including")
                including.globalLines = ["includefile \"\(mount.directory)/more.conf\""]
                try await node.configure(including, disks: [node.data])
                try await node.configure(plan("linked"), disks: [node.data])
                try await script(
                    """
                    echo 'org "included"' >"$1/more.conf"; mv "$3/disklist" "$1/disklist"; chown backup:backup "$1"/*
                    ln -s "$2/disklist" "$3/disklist"
                    """, [mount.backing, mount.directory, node.directory(of: "linked")])
            } body: { night in
                // Suspect: what lies on that mount is in no self-backup.
                try await night.backUp(expecting: 3)
                try await night.mount.hang()

                let first = try await night.backUp(expecting: 1)
                #expect(first.contains("daily: \(night.node.data): done"), "\(first)")
                let included = "'\(night.mount.directory)/more.conf'"
                #expect(
                    first.contains("\(included) did not answer within 3 s")
                        || first.contains("\(included) still hangs since 20"), "\(first)")
                #expect(
                    first.contains("linked: '\(night.node.directory(of: "linked"))/disklist'"), "\(first)")
                let threads = night.threads
                for _ in 0..<4 {
                    let start = ContinuousClock.now
                    let status = try await night.cluster.amfleet(["status"])
                    #expect(status.exit == 7, "\(status)")
                    #expect(
                        status.text.contains("'\(night.mount.directory)/more.conf' still hangs"), "\(status)")
                    #expect(status.text.contains("/disklist' still hangs since 20"), "\(status)")
                    #expect(ContinuousClock.now - start < .seconds(120), "\(status)")
                }
                try await night.expectThreads(atMost: threads + 2)

                try await night.mount.answer()
                try await eventually("what is included answers") {
                    try await !night.cluster.amfleet(["plan"]).text.contains("hangs")
                }
                try await night.backUp(expecting: 3)
            }
        }

        @Test(.long) func `a file of the catalog that hangs alone is given up after etimeout, and named`()
            async throws
        {
            try await HungNight.with(configurations: ["daily", "other"]) { night in
                try await night.node.configure(plan("daily"), disks: [night.node.data])
                var other = plan("other")
                other.isRecorded = true
                other.globalLines = ["infofile \"\(night.mount.directory)/cur\"", "etimeout 10"]
                try await night.node.configure(other, disks: [night.node.data])
                try await script("chown -R backup:backup \"$1\"", [night.mount.backing])
            } body: { night in
                // Suspect: what lies on that mount is in no self-backup.
                try await night.backUp(expecting: 3)
                try await night.mount.hang(on: "/info", reading: true)

                let start = ContinuousClock.now
                let first = try await night.backUp(expecting: 1)
                #expect(ContinuousClock.now - start < .seconds(200), "\(first)")
                #expect(first.contains("daily: \(night.node.data): done"), "\(first)")
                let named = first.firstMatch(
                    of: /other: '(\S+\/cur\/localhost\/\S+\/info)' did not answer within 10 s/)
                #expect(named?.1.hasPrefix(night.mount.directory) == true, "\(first)")
                let threads = night.threads
                let second = try await night.backUp(expecting: 1)
                // Who asks soon after is still sent there; later nobody is.
                #expect(
                    second.contains("/info' still hangs since 20")
                        || second.contains("/info': it still hangs since 20"), "\(second)")
                try await night.expectThreads(atMost: threads + 2)

                try await night.mount.answer()
                try await night.backUp(expecting: 3)
            }
        }

        @Test func `a FIFO or a device in the place of a file is refused at once`() async throws {
            try await HungNight.with(configurations: ["daily", "fifo", "endless", "excluding"]) { night in
                let node = night.node
                for name in ["daily", "fifo", "endless"] {
                    try await node.configure(plan(name), disks: [node.data])
                }
                var excluding = plan("excluding")
                excluding.dumptypeLines = ["exclude list \"\(node.directory)/excludes\""]
                try await node.configure(excluding, disks: [node.data])
                try await script(
                    "rm \"$1/disklist\" \"$2/disklist\"; mkfifo \"$1/disklist\" \"$3/excludes\"; ln -s /dev/zero \"$2/disklist\"",
                    [node.directory(of: "fifo"), node.directory(of: "endless"), node.directory])
            } body: { night in
                let threads = night.threads
                let start = ContinuousClock.now
                let said = try await night.backUp(expecting: 1)
                #expect(ContinuousClock.now - start < .seconds(200), "\(said)")
                #expect(said.contains("daily: \(night.node.data): done"), "\(said)")
                for name in ["fifo", "endless"] {
                    let path = "\(night.node.directory(of: name))/disklist"
                    #expect(said.contains("\(name): cannot open '\(path)': it is no regular file"), "\(said)")
                }
                #expect(
                    said.contains(
                        "Can't open exclude file '\(night.node.directory)/excludes': it is no regular file"),
                    "\(said)")
                try await night.expectThreads(atMost: threads + 2)
            }
        }

        private func plan(_ name: String) -> ConfigurationPlan {
            ConfigurationPlan(name: name, tapecycle: 9)
        }
    }
}
