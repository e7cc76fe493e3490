// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.OneBackupTests {
    /// `Docs/OPERATIONS.md`, section "Last resort": its blocks, run as they are printed.
    @Suite(.serialized) struct LastResortTests {
        @Test func `the document has a block for the headers, the self-backup, data, and block mode`() throws
        {
            let blocks = try DocumentBlock.all(in: "OPERATIONS.md", section: "Last resort")
            #expect(blocks.map { $0.settings.last } == ["CONFIGURATION", "TARGET", "TARGET", "TARGET"])
        }

        @Test func `aws s3 cp and tar bring the self-backup back`() async throws {
            let resort = try LastResort(Arranged.as(OneBackup.self))
            let etc = "\(resort.made.node.directory)/etc"
            let contents = try await resort.contents(of: ConfigurationPlan.selfBackup.name)
            let found = try #require(contents.first { $0.disk == etc })

            let target = try await resort.run(
                1, ["SLOT": found.slot, "FILE": found.file], of: ConfigurationPlan.selfBackup.name)

            for file in ["amanda-security.conf"]
                + OneBackup.ways.map({ "amanda/\($0.plan.name)/amanda.conf" })
            {
                #expect(
                    FileManager.default.contentsEqual(atPath: "\(target)/\(file)", andPath: "\(etc)/\(file)"),
                    "\(file)")
            }
        }

        @Test(
            arguments: LongTests.first(
                1, of: OneBackup.ways.filter { $0.plan.compress != "none" }, in: "LastResortTests"))
        func `aws s3 cp, gunzip and tar bring data back, identical`(way: OneBackup.Way) async throws {
            try await bringBack(way, block: 2)
        }

        @Test func `block mode's objects come back too`() async throws {
            try await bringBack(OneBackup.blocks, block: 3)
        }

        private func bringBack(_ way: OneBackup.Way, block: Int) async throws {
            let resort = try LastResort(Arranged.as(OneBackup.self))
            let files = try await resort.contents(of: way.plan.name)
                .filter { $0.disk == resort.made.node.data }
                .sorted { $0.part < $1.part }
            #expect(way.hasSeveralParts ? files.count > 1 : files.count == 1)
            let slot = try #require(files.first?.slot)

            let target = try await resort.run(
                block, ["SLOT": slot, "FILES": files.map(\.file).joined(separator: " ")], of: way.plan.name)

            #expect(try await resort.made.data.difference(from: TreeManifest(of: target)) == "")
        }
    }
}

/// An administrator with the document, a bucket, and nothing of ours.
private struct LastResort {
    let made: OneBackup
    private let blocks: [DocumentBlock]
    private let directory: String

    init(_ made: OneBackup) throws {
        self.made = made
        blocks = try DocumentBlock.all(in: "OPERATIONS.md", section: "Last resort")
        directory = "\(made.cluster.directory)/resort-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// One file of a volume, as the first line of its header says.
    struct File {
        let slot: String
        let file: String
        let disk: String
        let part: Int
    }

    /// What the first block prints, read as the document explains it.
    func contents(of configuration: String) async throws -> [File] {
        let printed = try await run(block: 0, [:], of: configuration)
        let entry =
            /==> \S+\/(slot-\d+)f([0-9a-f]{8})-filestart <==\nAMANDA: SPLIT_FILE \d{14} \S+ (\S+) +part (\d+)\//
        return printed.matches(of: entry).map { match in
            File(
                slot: String(match.1), file: String(match.2), disk: String(match.3),
                part: Int(match.4) ?? 0)
        }
    }

    /// Runs a block that restores; returns where to.
    func run(_ block: Int, _ values: [String: String], of configuration: String) async throws -> String {
        let target = "\(directory)/restored"
        _ = try await run(block: block, values.merging(["TARGET": target]) { $1 }, of: configuration)
        return target
    }

    private func run(block: Int, _ values: [String: String], of configuration: String) async throws -> String
    {
        let place = [
            "BUCKET": ClusterStore.bucket, "PREFIX": TestCluster.prefix, "NODE": made.node.name,
            "CONFIGURATION": configuration,
        ]
        guard blocks.indices.contains(block) else { throw CommandError.never("block \(block)", .zero) }
        return try await blocks[block].run(
            values.merging(place) { $1 }, environment: made.cluster.store.environment, directory: directory)
    }
}
