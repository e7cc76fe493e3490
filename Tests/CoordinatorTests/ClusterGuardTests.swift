// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Foundation
import LogOutput
import TestSupport
import Testing

@testable import Coordinator

/// Whose a prefix is: by the id, and by the authority where one side has no id yet.
@Suite(.timeLimit(.minutes(3))) struct ClusterGuardTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try Sample.cluster(["node01"]).text.write(
            toFile: directory.path("cluster.json"), atomically: true, encoding: .utf8)
    }

    @Test func `an authority may change freely where the id is the same, and an id never`() async throws {
        let store = try await StoreFixture.weed()
        try await owner(store, "id-of-demo", ["aa"]).claim()
        try await owner(store, "id-of-demo", ["bb"]).claim()
        let stored = try #require(try await identity(store))
        #expect(stored.clusterID == "id-of-demo" && stored.fingerprints == ["bb"])
        let namesake = await #expect(throws: CoordinatorError.self) {
            _ = try await owner(store, "id-of-another", ["bb"]).check()
        }
        #expect(namesake == .foreignPrefix(prefix: "demo", owner: "demo", isNamesake: true))
    }

    @Test func `a cluster of before gets an id on both sides, where the authority is the same`() async throws
    {
        let store = try await StoreFixture.weed()
        let old = ClusterIdentity(cluster: "demo", authorityFingerprint: "aa", createdAt: Sample.time)
        _ = try await store.bucket.create(old, store.bucket.layout.cluster)
        await #expect(throws: CoordinatorError.self) { _ = try await owner(store, nil, ["bb"]).check() }
        #expect(try await identity(store)?.clusterID == nil)
        // Old and new side by side are as good as the old one.
        #expect(try await owner(store, nil, ["bb", "aa"]).check())
        let given = try #require(try await identity(store)?.clusterID)
        #expect(try ClusterFile.load(directory.path("cluster.json")).settings.clusterID == given)
        #expect(try await owner(store, given, ["cc"]).check())
    }

    @Test func `a coordinator that was made anew takes the id over from the bucket`() async throws {
        let store = try await StoreFixture.weed()
        try await owner(store, "id-of-demo", ["aa", "bb"]).claim()
        #expect(try await owner(store, nil, ["bb"]).check())
        #expect(try ClusterFile.load(directory.path("cluster.json")).settings.clusterID == "id-of-demo")
    }

    @Test func `a cluster.json that cannot be written changes nothing`() async throws {
        let store = try await StoreFixture.weed()
        try await owner(store, "id-of-demo", ["aa"]).claim()
        try FileSystem.remove(directory.path("cluster.json"))
        #expect(try await owner(store, nil, ["aa"]).check())
    }

    private func owner(_ store: StoreFixture, _ clusterID: String?, _ authorities: [String]) -> ClusterGuard {
        ClusterGuard(
            bucket: store.bucket,
            file: ClusterFile(path: directory.path("cluster.json"), settings: Sample.cluster(["node01"])),
            identity: ClusterIdentity(
                cluster: "demo", clusterID: clusterID, authorityFingerprint: authorities[0],
                authorities: authorities.count > 1 ? authorities : nil, createdAt: Sample.time),
            logger: .discarding)
    }

    private func identity(_ store: StoreFixture) async throws -> ClusterIdentity? {
        try await store.bucket.read(ClusterIdentity.self, store.bucket.layout.cluster)?.value
    }
}
