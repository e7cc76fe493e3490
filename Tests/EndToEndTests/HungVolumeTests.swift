// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What is written to, and stops answering: volumes in directories, holding disks, the targets of a restore.
    @Suite(.serialized, .needs(Machine.cluster), .enabled(if: HungMount.isUsable), .timeLimit(.minutes(9)))
    struct HungVolumeTests {
        @Test(.long) func `a volume in a directory that hangs fails its configuration alone`() async throws {
            try await HungNight.with(configurations: ["daily", "local"]) { night in
                try await night.node.configure(plan("daily"), disks: [night.node.data])
                var local = plan("local")
                local.changer = [
                    "tpchanger \"chg-disk:\(night.mount.directory)\"", "property \"num-slot\" \"5\"",
                    "property \"auto-create-slot\" \"yes\"",
                ]
                local.globalLines = ["dtimeout 10", "etimeout 10"]
                try await night.node.configure(local, disks: [night.node.data])
                try await script("chown -R backup:backup \"$1\"", [night.mount.backing])
            } body: { night in
                try await night.backUp(expecting: 0)
                try await night.mount.hang()
                let all = try await night.backUp(expecting: 1)
                #expect(all.contains("daily: \(night.node.data): done"), "\(all)")
                for question in ["status", "plan"] {
                    let answer = try await night.cluster.amfleet([question])
                    #expect(answer.exit != 0, "\(answer)")
                    #expect(answer.text.contains("'\(night.mount.directory)' still hangs"), "\(answer)")
                }
                try await night.mount.answer()
                try await night.backUp(expecting: 0)
            }
        }

        @Test(.long) func `a catalog that hangs fails its configuration alone`() async throws {
            try await HungNight.with(configurations: ["daily", "other"]) { night in
                try await night.node.configure(plan("daily"), disks: [night.node.data])
                var other = plan("other")
                other.globalLines = ["indexdir \"\(night.mount.directory)\"", "etimeout 10"]
                try await night.node.configure(other, disks: [night.node.data])
                try await script("chown -R backup:backup \"$1\"", [night.mount.backing])
            } body: { night in
                // Suspect: what lies on that mount is in no self-backup.
                try await night.backUp(expecting: 3)
                try await night.mount.hang()
                let all = try await night.backUp(expecting: 1)
                #expect(all.contains("daily: \(night.node.data): done"), "\(all)")
                #expect(all.contains("other: '\(night.mount.directory)'"), "\(all)")
                let plan = try await night.cluster.amfleet(["plan"])
                #expect(plan.text.contains("'\(night.mount.directory)' still hangs"), "\(plan)")
                #expect(plan.text.contains("daily"), "\(plan)")
                try await night.mount.answer()
                try await eventually("the catalog answers") {
                    try await night.cluster.amfleet(["plan"]).exit == 0
                }
                try await night.backUp(expecting: 3)
            }
        }

        @Test(.long) func `a list of excludes that hangs costs the disks that it is for`() async throws {
            try await HungNight.with(configurations: ["daily", "other"]) { night in
                try await night.node.configure(plan("daily"), disks: [night.node.data])
                var other = plan("other")
                other.globalLines = ["etimeout 10"]
                other.dumptypeLines = ["exclude list \"\(night.mount.directory)/early\""]
                try await night.node.configure(other, disks: [night.node.data])
            } body: { night in
                try await night.backUp(expecting: 0)
                try await night.mount.hang(on: "early")
                let said = try await night.backUp(expecting: 1)
                #expect(said.contains("daily: \(night.node.data): done"), "\(said)")
                #expect(said.contains("is left out: '\(night.mount.directory)/early'"), "\(said)")
                try await night.mount.answer()
                try await eventually("the list can be read") {
                    try await night.cluster.amfleet(["plan"]).exit == 0
                }
                try await night.backUp(expecting: 0)
            }
        }

        @Test(.long) func `a holding disk that hangs takes nothing and keeps nobody`() async throws {
            try await HungNight.with { night in
                var plan = plan("daily")
                plan.globalLines = ["holdingdisk hd1 {\n    directory \"\(night.mount.directory)\"\n}"]
                plan.dumptypeLines = ["holdingdisk auto"]
                try await night.node.configure(plan, disks: [night.node.data])
            } body: { night in
                try await night.mount.hang()
                let said = try await night.backUp(expecting: 0)
                #expect(said.contains("done"), "\(said)")
                let status = try await night.cluster.amfleet(["status"])
                #expect(
                    status.exit == 7
                        && status.text.contains("holding disk 'hd1': '\(night.mount.directory)' still hangs"),
                    "\(status)")
            }
        }

        @Test(.long) func `a restore into a directory that hangs fails for that disk alone`() async throws {
            try await HungNight.with { night in
                try await night.node.configure(
                    plan("daily"), disks: [night.node.data, night.mount.directory])
            } body: { night in
                try await night.backUp(expecting: 0)
                try await script("rm \"$1/file\"", [night.node.data])
                try await night.mount.hang()
                let result = try await night.cluster.amfleet([
                    "restore", "--node", "node01", "--configuration", "daily", "--overwrite",
                ])
                #expect(result.exit != 0, "\(result)")
                #expect(
                    result.text.contains("'\(night.mount.directory)' did not answer within")
                        || result.text.contains("'\(night.mount.directory)' still hangs"), "\(result)")
                #expect(
                    try String(contentsOfFile: "\(night.node.data)/file", encoding: .utf8) == "3\n",
                    "\(result)")
            }
        }

        private func plan(_ name: String) -> ConfigurationPlan {
            ConfigurationPlan(name: name, tapecycle: 4)
        }
    }
}
