// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// Whatever an archive holds, a restore changes nothing outside the directory that it goes to.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(CraftedArchives.self), .timeLimit(.minutes(9)))
    struct CraftedArchiveTests {
        @Test func `links, renamings and attributes in crafted increments lead nowhere`() async throws {
            let made = try Arranged.as(CraftedArchives.self)
            let before = try await made.outside()
            let target = "\(made.cluster.directory)/confined"

            let result = try await made.restore(to: target)

            #expect(try await made.outside() == before)
            for disk in CraftedDisk.all {
                #expect(
                    !FileManager.default.fileExists(
                        atPath: "\(made.top(target))/\(disk.name)/stolen"), "\(disk.name)")
            }
            #expect(result.exit == 1 || result.exit == 3, "\(result)")
            try await made.expectOrdinary(in: target, result)
            for name in ["file", "renamed", "mode", "attribute", "fifo", "device", "process", "linked"] {
                let line = result.output.split(separator: "\n").first { $0.contains("/data/\(name) ") }
                #expect(line?.hasSuffix("failed") == true, "\(name): \(result)")
            }
        }

        @Test
        func `where the kernel cannot hold tar, names are looked at, and what leads out needs --unconfined`()
            async throws
        {
            let made = try Arranged.as(CraftedArchives.self)
            let before = try await made.outside()
            let target = "\(made.cluster.directory)/screened"
            try await made.node.stop()
            try await made.node.start(through: ["/usr/bin/setpriv", "--bounding-set", "-sys_admin", "--"])

            let result = try await made.restore(to: target)
            try await made.node.stop()
            try await made.node.start()

            #expect(try await made.outside() == before)
            #expect(result.text.contains("'./lnk/evil' leads through the link './lnk'"), "\(result)")
            #expect(result.text.contains("'./' renames directories"), "\(result)")
            #expect(result.text.contains("with '--unconfined'"), "\(result)")
            try await made.expectOrdinary(in: target, result)
        }

        /// That they would lead out: otherwise the test before proves nothing.
        @Test func `with --unconfined the same archives do what they say`() async throws {
            let made = try Arranged.as(CraftedArchives.self)

            let target = "\(made.cluster.directory)/unconfined"

            _ = try await made.restore(to: target, ["--unconfined"])

            let names = try FileManager.default.contentsOfDirectory(atPath: made.elsewhere)
            #expect(names.contains("evil") && names.contains("fifo"), "\(names)")
            #expect(
                FileManager.default.fileExists(atPath: "\(made.top(target))/renamed/stolen")
                    && !names.contains("taken"), "\(names)")
        }
    }
}

extension CraftedArchives {
    func top(_ target: String) -> String { "\(target)/node01/\(Self.plan.name)\(node.data)" }

    /// The disk with tar's own archives is back.
    func expectOrdinary(in target: String, _ result: CommandResult) async throws {
        let line = result.output.split(separator: "\n").first { $0.contains("/data/ordinary ") }
        #expect(line?.hasSuffix("restored") == true, "\(result)")
        let restored = try await TreeManifest(of: "\(top(target))/ordinary")
        #expect(try await TreeManifest(of: ordinary).difference(from: restored, except: ["'.'"]) == "")
    }

    /// Content, modes, owners, times, attributes and numbers of links of what lies elsewhere.
    func outside() async throws -> String {
        try await script(
            "cd \"$1\"; find . -printf '%p %y %m %U %G %T@ %n %s\\n' | sort; getfattr -R -d . 2>/dev/null || true; "
                + "find . -type f -exec sha256sum {} + | sort", [elsewhere])
    }
}
