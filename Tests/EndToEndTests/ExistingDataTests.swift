// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd.OneBackupTests {
    /// A restore never costs what is already there.
    @Suite(.serialized) struct ExistingDataTests {
        private let way = OneBackup.ways[2]

        @Test func `without --overwrite a target that holds anything is refused and stays as it was`()
            async throws
        {
            let made = try Arranged.as(OneBackup.self)
            let before = try await TreeManifest(of: made.node.data)

            let result = try await made.cluster.amfleet([
                "restore", "--run", made.run, "--configuration", way.plan.name,
            ])

            #expect(result.exit == 1 || result.exit == 2, "\(result)")
            #expect(result.text.contains("--overwrite"), "\(result)")
            #expect(result.text.contains(made.node.data), "\(result)")
            #expect(try await before.difference(from: TreeManifest(of: made.node.data)) == "")
        }

        @Test func `with --overwrite the dump comes back and other files are left alone`() async throws {
            let made = try Arranged.as(OneBackup.self)
            let (mine, changed) = ("\(made.node.data)/not in the backup", "\(made.node.data)/tree/odd/plain")
            try write("mine\n", to: mine)
            try write("changed since\n", to: changed)

            let result = try await made.cluster.amfleet(
                ["restore", "--run", made.run, "--configuration", way.plan.name, "--overwrite"])

            #expect(result.exit == 0, "\(result)")
            #expect(try String(contentsOfFile: mine, encoding: .utf8) == "mine\n")
            try FileManager.default.removeItem(atPath: mine)
            try await made.expectData(at: made.node.data)
        }

        @Test func `--to DIR restores below DIR, by node, configuration and disk`() async throws {
            let made = try Arranged.as(OneBackup.self)
            let target = "\(made.cluster.directory)/elsewhere"

            let result = try await made.cluster.amfleet(
                ["restore", "--run", made.run, "--configuration", way.plan.name, "--to", target])

            #expect(result.exit == 0, "\(result)")
            try await made.expectData(at: "\(target)/node01/\(way.plan.name)\(made.node.data)")
        }

        @Test func `--to DIR brings back the whole self-backup`() async throws {
            let made = try Arranged.as(OneBackup.self)
            let target = "\(made.cluster.directory)/whole"
            let name = ConfigurationPlan.selfBackup.name

            let result = try await made.cluster.amfleet([
                "restore", "--run", made.run, "--configuration", name, "--to", target,
            ])

            #expect(result.exit == 0, "\(result)")
            let etc = "\(target)/node01/\(name)\(made.node.directory)/etc"
            #expect(FileManager.default.fileExists(atPath: "\(etc)/amanda-security.conf"))
            #expect(FileManager.default.fileExists(atPath: "\(etc)/amanda/\(name)/amanda.conf"))
        }
    }
}

extension OneBackup {
    /// The tree at `path` is what was backed up. A directory's own time is the restore's where a file was added.
    func expectData(at path: String) async throws {
        let restored = try await TreeManifest(of: path)
        #expect(data.difference(from: restored, except: ["'.'"]) == "")
    }
}
