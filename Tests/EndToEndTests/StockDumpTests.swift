// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.OneBackupTests {
    /// The other way round: stock Amanda backs up, amfleet restores.
    @Suite(.serialized) struct StockDumpTests {
        static let plans = [
            ConfigurationPlan(name: StockAmanda.newName("stock-one"), compress: "client fast"),
            ConfigurationPlan(
                name: StockAmanda.newName("stock-parts"), compress: "client best", partSize: "10 megabytes",
                blockSize: "5 megabytes"),
            ConfigurationPlan(
                name: StockAmanda.newName("stock-blocks"), compress: "client fast", partSize: "10 megabytes",
                blockSize: "1 megabytes", isMultipart: false),
            ConfigurationPlan(
                name: StockAmanda.newName("stock-plain"), partSize: "10 megabytes", blockSize: "5 megabytes"),
        ]

        @Test(
            .long,
            arguments: LongTests.whole(
                plans, or: [plans[1]], leavingOut: "three of the four plans of StockDumpTests"))
        func `amfleet restores what amdump wrote`(
            plan: ConfigurationPlan
        ) async throws {
            let made = try Arranged.as(OneBackup.self)
            try await made.node.configure(plan, disks: [made.node.data])
            let amanda = try await made.amanda(plan.name)
            defer { amanda.remove() }
            try await amanda.dump()
            let source = try await TreeManifest(of: made.node.data)
            let tapelist = try String(
                contentsOfFile: "\(made.node.directory(of: plan.name))/tapelist", encoding: .utf8)
            let run = String(try #require(tapelist.split(separator: " ").first))
            let file = try made.cluster.clusterFile("stock") {
                $0.set("configurations", "data", to: [plan.name])
            }
            let target = "\(made.cluster.directory)/from-stock"

            let result = try await made.cluster.amfleet([
                "restore", "--cluster", file, "--run", run, "--configuration", plan.name, "--to", target,
            ])

            #expect(result.exit == 0, "\(result)")
            let restored = try await TreeManifest(of: "\(target)/node01/\(plan.name)\(made.node.data)")
            #expect(source.difference(from: restored) == "")
        }
    }
}
