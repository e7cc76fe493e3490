// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd.OneBackupTests {
    /// Stock Amanda reads what we wrote, and we read what it wrote.
    @Suite(.serialized) struct OracleTests {
        @Test(arguments: OneBackup.ways + [OneBackup.blocks])
        func `amadmin finds the dump and amfetchdump restores it, identical`(way: OneBackup.Way) async throws
        {
            let made = try Arranged.as(OneBackup.self)
            let amanda = try await made.amanda(way.plan.name)
            defer { amanda.remove() }

            let found = try await amanda.find().split(separator: "\n").filter { $0.contains(made.node.data) }
            let fetched = try await TreeManifest(of: amanda.unpack(amanda.fetchDump(made.node.data)))

            #expect(way.hasSeveralParts ? found.count > 1 : found.count == 1, "\(found)")
            #expect(found.allSatisfy { $0.contains(" OK") }, "\(found)")
            #expect(made.data.difference(from: fetched) == "")
        }

        @Test(arguments: OneBackup.ways.filter { !$0.hasSeveralParts })
        func `amrestore restores a dump of one part from its volume, identical`(
            way: OneBackup.Way
        ) async throws {
            let made = try Arranged.as(OneBackup.self)
            let amanda = try await made.amanda(way.plan.name)
            defer { amanda.remove() }

            let restored = try await TreeManifest(
                of: amanda.unpack(amanda.restore(made.node.data, slot: "slot-01")))

            #expect(made.data.difference(from: restored) == "")
        }
    }
}

extension OneBackup {
    func amanda(_ configuration: String) async throws -> StockAmanda {
        try await StockAmanda(configuration, of: node, work: "\(cluster.directory)/stock")
    }
}
