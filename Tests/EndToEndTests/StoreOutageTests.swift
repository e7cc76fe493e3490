// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The store of the volumes goes away in the middle of a run of the whole cluster.
    @Suite(.serialized, .needs(Machine.cluster + Machine.amanda), .timeLimit(.minutes(30)))
    struct StoreOutageTests {
        @Test
        func `with a holding disk the run is held, the next one sends it, and both programs restore it`()
            async throws
        {
            let made = try await StoreOutage.make("held", isHolding: true)
            do {
                try await heldAndSent(made)
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        private func heldAndSent(_ made: StoreOutage) async throws {
            let before = try await TreeManifest(of: made.node.data)
            let first = try await made.interruptedBackup(comesBack: true)
            made.show(first)
            #expect(first.exit == 3, "\(first)")
            #expect(first.output.contains("run \(first.run): held, 0/1 nodes complete"), "\(first)")
            #expect(first.text.contains("held on the node, not in the bucket yet"), "\(first)")

            let status = try await made.amfleet("status")
            made.show(status)
            #expect(status.exit == 7, "\(status)")
            #expect(status.text.contains("is held on the node since"), "\(status)")
            let show = try await made.amfleet("show", first.run)
            made.show(show)
            #expect(show.output.contains("\(made.node.data) is held"), "\(show)")

            try write("new\n", to: "\(made.node.data)/new")
            let next = try await made.amfleet("backup")
            made.show(next)
            #expect(next.exit == 0, "\(next)")
            #expect(next.text.contains("of run \(first.run) was sent to volume"), "\(next)")
            #expect(
                next.text.contains("run \(first.run), of which dumps were held, is complete now"), "\(next)")
            let levels = try await made.amfleet("show", next.run)
            let line = try #require(
                levels.output.singleSpaced.split(separator: "\n").first { $0.contains(" \(made.node.data) ") }
            )
            #expect(line.contains(" \(made.node.data) 1 ok "), "\(levels)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: made.holding).isEmpty)
            let after = try await made.amfleet("status")
            made.show(after)
            #expect(!after.text.contains("is held on the node"), "\(after)")

            #expect(try await before.difference(from: made.restored(first.run)) == "")
            #expect(try await before.difference(from: made.fetched(first.run)) == "")
            let now = try await TreeManifest(of: made.node.data)
            let difference = try await now.difference(from: made.restored(next.run))
            #expect(difference == "", "\(difference)")
        }

        @Test(.long)
        func `an agent killed while it holds a dump leaves no chunk of it behind its next start`()
            async throws
        {
            let made = try await StoreOutage.make("killhold", isHolding: true)
            do {
                try await SourceTree.writeFile("\(made.node.data)/larger", mebibytes: 600)
                made.proxy.refuse()
                let backup = try made.cluster.startAmfleet(["backup", "--cluster", made.file])
                // What goes while it is listed makes no list.
                try await eventually("a chunk is begun: \(backup.text)") {
                    (try? made.chunks)?.contains { $0.hasSuffix(".tmp") } == true
                }
                await made.node.kill()
                await backup.kill()
                #expect(try made.chunks.contains { $0.hasSuffix(".tmp") })
                try await made.node.start()
                try await eventually("the chunks are gone") { (try? made.chunks)?.isEmpty == true }
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        @Test(.long) func `without one it waits to its deadline, and fails with the reason`() async throws {
            let made = try await StoreOutage.make("bare", isHolding: false)
            do {
                let start = ContinuousClock.now
                let failed = try await made.interruptedBackup(comesBack: false)
                made.show(failed)
                #expect(ContinuousClock.now - start >= .seconds(StoreOutage.seconds == nil ? 8 : 600))
                #expect(failed.exit == 6, "\(failed)")
                #expect(failed.output.contains("run \(failed.run): failed"), "\(failed)")
                #expect(failed.text.contains("S3 is not reachable"), "\(failed)")
                let next = try await made.amfleet("backup")
                #expect(next.exit == 0, "\(next)")
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        @Test(.long) func `flush sends what is held and dumps nothing, and has nothing to do twice`()
            async throws
        {
            let made = try await StoreOutage.make("flush", isHolding: true)
            do {
                try await flushed(made)
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        private func flushed(_ made: StoreOutage) async throws {
            let before = try await TreeManifest(of: made.node.data)
            let first = try await made.interruptedBackup(comesBack: false)
            #expect(first.exit == 3, "\(first)")
            made.proxy.refuse()
            let refused = try await made.amfleet("flush")
            made.show(refused)
            #expect(refused.exit == 6, "\(refused)")
            #expect(refused.output.contains("1 dump still held"), "\(refused)")
            #expect(try await before.difference(from: made.restored(first.run)) == "")

            try made.proxy.accept()
            let flush = try await made.amfleet("flush")
            made.show(flush)
            #expect(flush.exit == 0, "\(flush)")
            #expect(flush.output.contains("1 dump sent"), "\(flush)")
            #expect(
                flush.text.contains("run \(first.run), of which dumps were held, is complete now"), "\(flush)"
            )
            let again = try await made.amfleet("flush")
            #expect(again.exit == 2 && again.text.contains("nothing to flush"), "\(again)")
            #expect(try await before.difference(from: made.restored(first.run)) == "")
            #expect(try await before.difference(from: made.fetched(first.run)) == "")
        }
    }
}
