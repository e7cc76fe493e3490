// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Foundation
import S3
import TestSupport
import Testing

@testable import Coordinator

/// What a node may put into its own folder keeps nobody from going on, and hides nothing unsaid.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct SealedObjectsTests {
    private func fixture() async throws -> StoreFixture {
        let store = try await StoreFixture.weed()
        var keys = (1...4).flatMap { day in
            ["node01", "node02"].map {
                store.bucket.layout.nodeSecrets($0, run: Sample.name("2026110\(day)020000"))
            }
        }
        keys += (0..<30).map { "\(store.bucket.layout.nodeFolder("node02"))junk-\($0)" }
        keys += (5...9).map {
            store.bucket.layout.nodeSecrets("node02", run: Sample.name("2026110\($0)020000"))
        }
        _ = try await onEvery(keys, width: 16) { key in try await store.bucket.client.put(key, [1]) }
        return store
    }

    /// More objects than one listing holds: `recovery rotate` and `check` failed, and `backup` tidied nothing.
    @Test(arguments: [1_000_000, 20])
    func `however long the listing, every node's versions are found`(most: Int) async throws {
        let store = try await fixture()
        let found = try await SealedObjects(in: store.bucket, atMost: most, ofEach: 100)
        #expect(
            found.objects.map { "\($0.node) \($0.version.run.digits.prefix(8))" }
                == (1...4).map { "node01 2026110\($0)" } + (1...9).map { "node02 2026110\($0)" })
        #expect(found.cut.isEmpty)
    }

    /// The newest were cut off without a word.
    @Test(arguments: [1_000_000, 20])
    func `a node that has more than anybody looks at is named`(most: Int) async throws {
        let store = try await fixture()
        let found = try await SealedObjects(in: store.bucket, atMost: most, ofEach: 6)
        #expect(found.cut == ["node02"])
        #expect(
            found.objects.count { $0.node == "node01" } == 4
                && found.objects.count { $0.node == "node02" } == 6)
        let (versions, areAll) = try await SealedVersion.all(of: "node02", in: store.bucket, limit: 6)
        #expect(versions.count == 6 && !areAll)
        #expect(try await SealedVersion.all(of: "node01", in: store.bucket, limit: 6).areAll)
        let error = WireError.tooManyVersions(of: "node02", in: store.bucket)
        #expect(error.message.contains("demo/_amfleet/nodes/node02/") && error.hint != nil)
    }
}
