// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import LogOutput
import S3
import TestSupport
import Testing

@testable import Coordinator

/// On a real store: what counts is what it does with two writers.
@Suite(.enabled(if: RequiredTools.areUsable("weed")))
struct RunLeaseTests {
    @Test(.timeLimit(.minutes(3)))
    func `lets one through, names it to the other, and is free once given back`()
        async throws
    {
        let store = try await StoreFixture.weed()
        let first = try await store.lease("first")
        #expect(first.isHeld)
        let error = await #expect(throws: CoordinatorError.self) { _ = try await store.lease("second") }
        #expect(error?.ending == .busy)
        #expect(error?.description.hasPrefix("first holds the cluster: backup 20261123030600") == true)
        await first.release()
        let second = try await store.lease("second")
        #expect(second.fence > first.fence)
        #expect(second.takenFrom == nil)
    }

    /// Each went on for `limits.storageOutage`: ten minutes until a cancelled run asked its nodes to stop, and until a command ended.
    @Test(.timeLimit(.minutes(1))) func `a store that is away holds up neither a cancel nor the end`()
        async throws
    {
        let (store, proxy) = try await StoreFixture.weedBehindProxy()
        let lease = try await store.lease("me")
        proxy.inject(.holdRequest, method: "PUT", target: "lease.json", times: .max)
        #expect(await lease.confirmedLoss(within: .milliseconds(50)) == nil)
        await lease.release(within: .milliseconds(50))
        proxy.clear()
        #expect(try await store.stored()?.isReleased == false && lease.isHeld)
        await lease.release()
        #expect(try await store.stored()?.isReleased == true)
    }

    @Test(.timeLimit(.minutes(3))) func `of many that start at once exactly one gets it`() async throws {
        let store = try await StoreFixture.weed()
        let outcomes = try await onEveryNode((0..<8).map { "holder\($0)" }) { holder in
            try await store.lease(holder).fence
        }
        #expect(outcomes.compactMap(\.report).count == 1)
    }

    @Test(.timeLimit(.minutes(3))) func `of many that call themselves the same exactly one gets it`()
        async throws
    {
        let store = try await StoreFixture.weed()
        let outcomes = try await onEveryNode((0..<8).map(String.init)) { _ in
            try await store.lease("root@db, pid 1").fence
        }
        #expect(outcomes.compactMap(\.report).count == 1)
    }

    @Test(.timeLimit(.minutes(3)))
    func `an expired one is taken over and its holder loses it at the next renewal`()
        async throws
    {
        let store = try await StoreFixture.weed()
        let dead = try await store.lease("dead")
        let next = try await store.lease("next", ahead: 61)
        #expect(next.takenFrom?.holder == "dead")
        #expect(next.fence > dead.fence)
        #expect(await dead.renew() == "next")
        #expect(!dead.isHeld)
        #expect(dead.lostTo == "next")
        #expect(await dead.mayStart() == .no)
        let loss = await #expect(throws: CoordinatorError.self) { try await dead.requireHeld() }
        #expect(loss?.description.contains("next") == true)
        await dead.release()
        #expect(try await store.stored()?.holder == "next")
        #expect(try await store.stored()?.isReleased == false)
    }

    @Test(.timeLimit(.minutes(3)))
    func `renewal gives a minute more, and a renewal whose answer was lost counts`()
        async throws
    {
        let store = try await StoreFixture.weed()
        let lease = try await store.lease("me")
        #expect(await lease.renew() == nil)
        // Somebody else's view of our own write: same hold, other entity tag.
        let stored = try #require(try await store.stored())
        var moved = stored
        moved.expiresAt += 7
        _ = try await store.bucket.write(moved, store.bucket.layout.lease, .none)
        #expect(await lease.renew() == nil)
        #expect(lease.lostTo == nil)
        #expect(await lease.renew() == nil)
    }

    @Test(.timeLimit(.minutes(3)), .enabled(if: RequiredTools.areUsable("rclone")))
    func `a store that ignores conditions is refused, and nothing is left that blocks the next`() async throws
    {
        let server = try await RcloneServer.shared()
        let store = try StoreFixture(
            endpoint: server.endpoint, bucket: RcloneServer.bucket, accessKey: server.accessKey,
            secretKey: server.secretKey)
        let error = await #expect(throws: CoordinatorError.self) { _ = try await store.lease("me") }
        #expect(error?.ending == .storage)
        #expect(error?.description.contains("ignores conditional writes") == true)
        #expect(try await store.stored()?.isReleased == true)
    }

    private static let lostOrRefused: [ProxyFault] = [
        .cutAnswer(after: 0), .cutRequest(after: 10), .error(status: 503, code: "SlowDown"),
        .error(status: 500, code: "InternalError"), .errorAfterwards(status: 503, code: "SlowDown"),
        .errorAfterwards(status: 500, code: "InternalError"), .answer(status: 502),
        .error(status: 409, code: "ConditionalRequestConflict"),
    ]

    @Test(.long, .timeLimit(.minutes(3)), arguments: lostOrRefused.indices)
    func `no single fault on the way makes the lease's store one that ignores conditions`(
        index: Int
    )
        async throws
    {
        let (store, proxy) = try await StoreFixture.weedBehindProxy()
        for struck in 0..<5 {
            proxy.inject(Self.lostOrRefused[index], method: "PUT", target: "lease.json", skip: struck)
            let lease = try await store.lease("holder \(struck)")
            #expect(try await store.stored()?.holder == "holder \(struck)")
            #expect(try await store.stored()?.isReleased == false)
            #expect(await lease.renew() == nil)
            await lease.release()
            #expect(try await store.stored()?.isReleased == true)
            proxy.clear()
        }
    }

    @Test(.timeLimit(.minutes(3))) func `a prefix belongs to the cluster that wrote there first`()
        async throws
    {
        let store = try await StoreFixture.weed()
        func identity(_ cluster: String, _ fingerprint: String) -> ClusterGuard {
            ClusterGuard(
                bucket: store.bucket,
                file: ClusterFile(path: "/nonexistent/cluster.json", settings: Sample.cluster([])),
                identity: ClusterIdentity(
                    cluster: cluster, authorityFingerprint: fingerprint, createdAt: Sample.time),
                logger: .discarding)
        }
        #expect(try await !identity("demo", "aa").check())
        try await identity("demo", "aa").claim()
        try await identity("demo", "aa").claim()
        let foreign = await #expect(throws: CoordinatorError.self) {
            try await identity("other", "bb").claim()
        }
        #expect(foreign == .foreignPrefix(prefix: "demo", owner: "demo", isNamesake: false))
        let namesake = await #expect(throws: CoordinatorError.self) {
            _ = try await identity("demo", "bb").check()
        }
        #expect(
            namesake?.description.hasPrefix("prefix 'demo' belongs to another cluster of the same name")
                == true)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a manifest is created once, and only the version that was read is replaced`()
        async throws
    {
        let store = try await StoreFixture.weed()
        let key = store.bucket.layout.manifest(Sample.run)
        let manifest = Sample.manifest([Sample.verdict("node01", .running)], .running)
        #expect(try await store.bucket.manifest(Sample.run) == nil)
        let created = try #require(try await store.bucket.write(manifest, key, .ifAbsent))
        #expect(try await store.bucket.write(manifest, key, .ifAbsent) == nil)
        var revised = manifest
        revised.revision = 2
        #expect(try await store.bucket.write(revised, key, .ifMatch(created.entityTag)) != nil)
        #expect(try await store.bucket.write(revised, key, .ifMatch(created.entityTag)) == nil)
        #expect(try await store.bucket.manifest(Sample.run)?.value.revision == 2)
        #expect(try await store.bucket.runs() == [Sample.run])
    }
}
