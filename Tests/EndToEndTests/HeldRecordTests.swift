// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A held dump whose record nobody lets the node write.
    @Suite(.serialized, .needs(Machine.cluster + Machine.amanda), .timeLimit(.minutes(10)))
    struct HeldRecordTests {
        @Test(
            .long,
            arguments: LongTests.whole(
                ["flush", "retry", "backup"], or: ["flush"],
                leavingOut: "two of the three verbs of HeldRecordTests"))
        func `its chunks stay, the flush fails, and the next command finishes it without sending it again`(
            verb: String
        ) async throws {
            let made = try await StoreOutage.make("record-\(verb)", isHolding: true)
            do {
                try await finished(made, by: verb)
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        private func finished(_ made: StoreOutage, by verb: String) async throws {
            let before = try await TreeManifest(of: made.node.data)
            let first = try await made.interruptedBackup(comesBack: false)
            #expect(first.exit == 3, "\(first)")
            let chunks = try made.chunks
            try await use(made, as: "node01" + ClusterStore.recordReader)

            let flush = try await made.amfleet("flush")
            #expect(flush.exit == 3, "\(flush)")
            #expect(flush.text.contains("held until its record is written"), "\(flush)")
            #expect(flush.output.contains("0 dumps sent") && flush.output.contains("1 dump still held"))
            #expect(try made.chunks == chunks)
            let show = try await made.amfleet("show", first.run)
            #expect(show.output.contains("is held"), "\(show)")
            #expect(try await made.amfleet("flush").exit == 3)
            #expect(try made.chunks == chunks)

            let pin = try await made.amfleet("pin", first.run)
            #expect(pin.exit == 3 && pin.output.contains("run \(first.run) is pinned"), "\(pin)")
            #expect(
                pin.output.contains(
                    "node01: \(made.plan.name): \(made.node.data): held on the node, on no volume yet: run 'amfleet flush' first"
                ), "\(pin)")

            try await use(made, as: "node01")
            let seen = made.proxy.requests.count
            let done = try await made.amfleet(verb == "retry" ? ["retry", first.run] : [verb])
            #expect(done.exit == 0, "\(done)")
            #expect(
                done.text.contains("run \(first.run), of which dumps were held, is complete now"), "\(done)")
            let sent = made.proxy.requests.dropFirst(seen).filter { $0.contains("partNumber=") }
            if verb != "backup" { #expect(sent.isEmpty, "\(sent)") }
            #expect(try made.chunks.isEmpty)
            let kept = try await made.amfleet("pin", first.run)
            #expect(kept.exit == 0 && kept.output.contains("is pinned already"), "\(kept)")
            #expect(try await made.amfleet("unpin", first.run).exit == 0)
            #expect(try await before.difference(from: made.fetched(first.run)) == "")
            #expect(try await before.difference(from: made.restored(first.run)) == "")
        }

        /// The agent reads its keys of the cluster's own store from a file; the volumes lie in another store.
        private func use(_ made: StoreOutage, as identity: String) async throws {
            try await made.node.stop()
            try write(
                made.cluster.store.credentials(of: identity),
                to: "\(made.node.directory)/agent/s3-credentials", mode: 0o600)
            try await made.node.start()
        }
    }
}
