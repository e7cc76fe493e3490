// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A node's Amanda directories are an older copy than the bucket: a virtual machine's snapshot, a partial restore.
    @Suite(.serialized, .needs(Machine.cluster + Machine.amanda), .timeLimit(.minutes(12)))
    struct RolledBackCatalogTests {
        @Test(arguments: LongTests.first(1, of: [0, 7], in: "RolledBackCatalogTests"))
        func `the catalog catches up, and no run that it did not know is lost`(dumpcycle: Int) async throws {
            try await RolledBackCatalog.make("back-\(dumpcycle)", dumpcycle: dumpcycle).use { made in
                var runs: [(run: String, tree: TreeManifest)] = []
                for number in 1...7 {
                    runs.append(try await made.backUp(number))
                    if number == 5 { try await made.save() }
                }
                try await made.putBack()
                try await saysAll(made, runs[5].run, runs[6].run)

                let eighth = try await made.cluster.amfleet(["backup"])
                #expect(eighth.exit == 0, "\(eighth)")
                #expect(eighth.text.contains("bears run \(runs[6].run), unknown to the catalog"), "\(eighth)")
                for run in runs[5...6] {
                    #expect(try await made.found(run.run).count >= 2)
                    #expect(try await run.tree.difference(from: made.restored(run.run)) == "")
                }
                let now = try await TreeManifest(of: made.small)
                #expect(try await now.difference(from: made.restored(eighth.run)) == "")
                if dumpcycle == 0 {
                    let archive = try await made.stock.fetchDump(made.small, run: runs[6].run)
                    let fetched = try await TreeManifest(of: made.stock.unpack(archive))
                    #expect(runs[6].tree.difference(from: fetched) == "")
                }
                let ninth = try await made.backUp(9)
                #expect(try await made.found(runs[6].run).count >= 2)
                #expect(try await runs[6].tree.difference(from: made.restored(runs[6].run)) == "")
                #expect(try await ninth.tree.difference(from: made.restored(ninth.run)) == "")
                let status = try await made.cluster.amfleet(["status"])
                #expect(!status.text.contains("unknown to the catalog"), "\(status)")
            }
        }

        /// What would be done, in the same words; nothing is written.
        private func saysAll(_ made: RolledBackCatalog, _ sixth: String, _ seventh: String) async throws {
            let before = try made.tapelist
            for verb in ["plan", "volumes", "status"] {
                let said = try await made.cluster.amfleet([verb])
                for run in [sixth, seventh] {
                    #expect(
                        said.text.contains("bears run \(run), unknown to the catalog, which has run "),
                        "\(said)")
                }
                #expect(said.text.contains("until the next backup has entered the run"), "\(said)")
            }
            #expect(try made.tapelist == before)
            #expect(try await made.found(sixth).isEmpty)
        }

        @Test(.long) func `a tapelist alone that is put back costs no run that the logs know`() async throws {
            try await RolledBackCatalog.make("back-list").use { made in
                _ = try await made.backUp(1)
                var runs: [String] = []
                // As `amlabel` leaves it for every slot, before the first run.
                let list = try made.tapelist
                for number in 2...3 { runs.append(try await made.backUp(number).run) }
                let labelled = try made.tapelist.split(separator: "\n").map(String.init)
                    .filter { !list.contains($0) }
                    .map { "0" + $0.dropFirst(14) }
                try await made.node.stop()
                try write(list + labelled.joined(separator: "\n") + "\n", to: "\(made.directory)/tapelist")
                try await made.node.start()
                _ = try await made.backUp(4)
                let labels = try await made.labels(3)
                for run in runs {
                    #expect(labels.contains(run), "\(labels)")
                    #expect(try await made.found(run).count == 2)
                }
            }
        }

        @Test(.long)
        func `a suspect run that the catalog does not know counts for nothing beforehand either`()
            async throws
        {
            try await RolledBackCatalog.make("back-suspect").use { made in
                let first = try await made.backUp(1)
                _ = try await made.backUp(2)
                try await made.save()
                for disk in [made.large, made.small] { try await script("rm \"$1\"/*", [disk]) }
                let empty = try await made.cluster.amfleet(["backup"])
                #expect(empty.exit == 3, "\(empty)")
                try await made.putBack()
                let pin = try await made.cluster.amfleet(["pin", first.run])
                #expect(pin.exit == 0, "\(pin)")

                // Its volume alone can be written: the others hold what is pinned, and the last plausible dumps.
                for verb in ["plan", "volumes", "status"] {
                    let said = try await made.cluster.amfleet([verb])
                    #expect(said.text.contains("bears run \(empty.run), unknown to the catalog"), "\(said)")
                    #expect(
                        !said.text.contains("no volume of configuration '\(made.plan.name)'"), "\(said)")
                }
                let next = try await made.cluster.amfleet(["backup", "--configuration", made.plan.name])
                #expect(next.exit == 3, "\(next)")
                #expect(try await made.label(slot: 3) == next.run)
            }
        }

        @Test(.long) func `a label and a record of 2099 are left alone, and stop nobody`() async throws {
            try await RolledBackCatalog.make("back-2099", slots: 4).use { made in
                for number in 1...2 { _ = try await made.backUp(number) }
                let name = try #require(
                    try made.tapelist.split(separator: "\n").last?.split(separator: " ").dropFirst().first)
                let far = "20990101000000"
                try await made.cluster.store.putObject(
                    "AMANDA: TAPESTART DATE \(far) TAPE \(name)\n\u{0C}\n", made.key(1, "special-tapestart"))
                try await made.cluster.store.putObject(
                    "{}", "\(TestCluster.prefix)/_amfleet/runs/\(far)/nodes/node01.json")
                for number in 3...6 { _ = try await made.backUp(number) }
                #expect(try await made.label(slot: 1) == far)
                #expect(try !made.tapelist.contains(far))
                for verb in ["plan", "volumes", "status"] {
                    let said = try await made.cluster.amfleet([verb])
                    #expect(
                        said.text.contains("volume '\(name)' bears run \(far), unknown to the catalog"),
                        "\(said)")
                    #expect(said.text.contains("later than the store's clock"), "\(said)")
                }
                #expect(try await made.cluster.amfleet(["status"]).exit == 7)

                // The way out that status names, as it is printed: only the credentials are the reader's own.
                let told = try await made.cluster.amfleet(["status"])
                let line = try #require(
                    told.output.firstMatch(of: /'(aws s3 rm [^']*special-tapestart)'/), "\(told)"
                ).1
                var environment = made.cluster.store.environment
                environment["AWS_ENDPOINT_URL"] = nil
                let tools = (try Machine.path(of: "aws") as NSString).deletingLastPathComponent
                environment["PATH"] = "\(tools):/usr/bin:/bin"
                try await script(String(line), environment: environment)
                let status = try await made.cluster.amfleet(["status"])
                #expect(!status.text.contains(far), "\(status)")
                let next = try await made.backUp(7)
                #expect(try await made.labels(4).contains(next.run), "\(next)")
            }
        }

        @Test(.long) func `a run of stock Amanda comes back as far as it is proved, and what is not stays`()
            async throws
        {
            try await RolledBackCatalog.make("back-stock", slots: 4).use { made in
                for number in 1...2 { _ = try await made.backUp(number) }
                try await made.save()
                let tree = try await TreeManifest(of: made.small)
                try await made.stock.dump()
                let whole = String(try made.tapelist.prefix(14))
                try await made.stock.dump()
                let half = String(try made.tapelist.prefix(14))
                let labels = try await made.labels(4)
                let slot = try #require(labels.firstIndex(of: half)) + 1
                try await made.cluster.store.removeObject(made.key(slot, "f00000002-mp.data"))
                try await made.putBack()

                _ = try await made.backUp(3)
                #expect(try await made.found(whole).count == 2)
                #expect(try await made.found(half).count == 1)
                let archive = try await made.stock.fetchDump(made.small, run: whole)
                let fetched = try await TreeManifest(of: made.stock.unpack(archive))
                #expect(tree.difference(from: fetched) == "")
                for number in 4...8 { _ = try await made.backUp(number) }
                #expect(try await made.label(slot: slot) == half)
                let kept = try made.tapelist.split(separator: "\n").first { $0.hasPrefix(half) }
                #expect(kept?.contains("no-reuse") == true)
                let log = try String(
                    contentsOfFile: "\(made.directory)/log.\(half).0", encoding: .utf8)
                #expect(log.split(separator: "\n").filter { $0.hasPrefix("DONE taper") }.count == 1, "\(log)")
            }
        }
    }
}
