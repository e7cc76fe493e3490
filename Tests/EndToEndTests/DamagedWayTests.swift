// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A way from the store that turns bits: the programs end as without it.
    @Suite(
        .serialized, .long, .needs(Machine.cluster + Machine.amanda + ["bzip2", "openssl", "amcrypt-ossl"]),
        .arranged(DamagedWay.self), .timeLimit(.minutes(10)))
    struct DamagedWayTests {
        @Test
        func
            `backup, status, list and restore end as over a good way, and the report says what came damaged`()
            async throws
        {
            let made = try Arranged.as(DamagedWay.self)
            let first = try await made.amfleet("backup")
            #expect(first.exit == 0, "\(first)")
            made.turnBits(every: 7)
            for verb in ["status", "plan", "volumes", "list"] {
                let result = try await made.amfleet(verb)
                #expect(result.exit == 0, "\(result)")
                #expect(!result.text.contains("damaged") && !result.text.contains("unknown"), "\(result)")
            }
            try write("new\n", to: "\(made.node.data)/new")
            let before = try await TreeManifest(of: made.node.data)
            let second = try await made.amfleet("backup")
            #expect(second.exit == 0, "\(second)")
            let target = "\(made.cluster.directory)/restored"
            let restore = try await made.amfleet("restore", "--run", second.run, "--to", target)
            #expect(restore.exit == 0, "\(restore)")
            #expect(restore.text.contains(" arrived damaged "), "\(restore)")
            #expect(!restore.text.contains("in the store"), "\(restore)")
            for plan in DamagedWay.plans {
                let restored = try await made.restored(second.run, plan, to: target)
                #expect(before.difference(from: restored) == "", "\(restore)")
            }
            #expect(made.flipCount > 10)
            made.turnBits(every: nil)
        }

        /// Level 0 alone over other data is unpacked straight; what came damaged first is written over.
        @Test func `a dump that was seen to be damaged only at its end is unpacked again over other data`()
            async throws
        {
            let made = try Arranged.as(DamagedWay.self)
            let backup = try await made.amfleet("backup")
            #expect(backup.exit == 0, "\(backup)")
            let plan = try #require(DamagedWay.plans.first { $0.name.contains("flip-plain") })
            let show = try await made.amfleet("show", backup.run)
            let source = try await TreeManifest(of: "\(made.node.data)/tree")
            let target = "\(made.cluster.directory)/over"
            let directory = "\(target)/node01/\(plan.name)\(made.node.data)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try write("own\n", to: "\(directory)/own")
            made.proxies[0].inject(.flipAnswerSomewhere, method: "GET", target: "-mp.data", skip: 1)
            let restore = try await made.amfleet(
                "restore", "--run", backup.run, "--configuration", plan.name, "--to", target, "--overwrite")
            made.turnBits(every: nil)
            #expect(restore.exit == 0, "\(restore)\n\(show)")
            #expect(restore.text.contains("it was unpacked a second time"), "\(restore)")
            #expect(FileManager.default.fileExists(atPath: "\(directory)/own"))
            #expect(
                try await source.difference(from: TreeManifest(of: "\(directory)/tree")) == ""
            )
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "\(directory)/large", andPath: "\(made.node.data)/large"))
        }
    }
}
