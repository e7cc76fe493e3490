// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@testable import S3

/// Archived objects: a real store, before which a proxy gives the answers that only an archive gives.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct GlacierThawTests {
    private let proxy: FaultyProxy
    private let client: S3Client

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        client = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket()).client
    }

    private func objects(_ keys: String...) async throws -> [NeededObject] {
        for key in keys { _ = try await client.put(key, ByteBlock.pattern(1000)) }
        return keys.map { NeededObject(client: client, key: $0) }
    }

    /// What HEAD says of an archived object.
    private func head(_ restore: String?, storageClass: String = "GLACIER") -> ProxyFault {
        let lines =
            ["x-amz-storage-class: \(storageClass)"] + (restore.map { ["x-amz-restore: \($0)"] } ?? [])
        return .answer(
            "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n" + lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    private static let thawing = "ongoing-request=\"true\""
    private static let thawed = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2040 00:00:00 GMT\""

    private func quick(_ tier: S3ThawTier = .standard) -> GlacierThaw {
        var options = GlacierThaw.Options()
        options.pollInterval = .milliseconds(20)
        options.tier = tier
        return GlacierThaw(options)
    }

    @Test func `what is not in the archive is looked at and left alone`() async throws {
        let objects = try await objects("a", "b")
        try await quick().thaw(objects)
        try await GlacierThaw.requireReadable(objects)
        #expect(!proxy.requests.contains { $0.hasPrefix("POST") })
    }

    @Test func `everything is asked for in one go, then waited for`() async throws {
        let objects = try await objects("warm", "frozen", "asked", "deep")
        proxy.inject(head(nil), method: "HEAD", target: "/frozen", times: 1)
        proxy.inject(head(Self.thawing), method: "HEAD", target: "/frozen", times: 2)
        proxy.inject(head(Self.thawed), method: "HEAD", target: "/frozen", times: 9)
        proxy.inject(head(Self.thawing), method: "HEAD", target: "/asked", times: 2)
        proxy.inject(head(Self.thawed), method: "HEAD", target: "/asked", times: 9)
        proxy.inject(head(nil, storageClass: "DEEP_ARCHIVE"), method: "HEAD", target: "/deep", times: 1)
        proxy.inject(
            head(Self.thawed, storageClass: "DEEP_ARCHIVE"), method: "HEAD", target: "/deep", times: 9)
        proxy.inject(.answer(status: 202), method: "POST", target: "/frozen?restore=")
        proxy.inject(
            .error(status: 409, code: "RestoreAlreadyInProgress"), method: "POST", target: "/deep?restore=")
        let told = Mutex<[GlacierThaw.Progress]>([])
        try await quick().thaw(objects) { progress in told.withLock { $0.append(progress) } }
        let asked = proxy.requests.filter { $0.hasPrefix("POST") }
        #expect(asked.count == 2)
        let progress = told.withLock { $0 }
        #expect(progress.first?.archivedCount == 3 && progress.first?.archivedBytes == 3000)
        #expect(progress.last?.thawedCount == 3)
        #expect(progress.first?.usualMinutes == 540...720)
        #expect(progress.map(\.thawedCount) == progress.map(\.thawedCount).sorted())
    }

    @Test func `a copy that ends soon is asked for anew`() async throws {
        let objects = try await objects("k")
        let soon = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\""
        proxy.inject(head(soon), method: "HEAD", times: 9)
        proxy.inject(.answer(status: 200), method: "POST")
        try await quick().thaw(objects)
        #expect(proxy.requests.filter { $0.hasPrefix("POST") }.count == 1)
    }

    @Test func `a copy that froze again meanwhile is asked for again, and the deadline ends it`() async throws
    {
        let objects = try await objects("k")
        proxy.inject(head(nil), method: "HEAD", times: 99)
        proxy.inject(.answer(status: 202), method: "POST", times: 99)
        var options = GlacierThaw.Options()
        options.pollInterval = .milliseconds(50)
        options.deadline = .seconds(3)
        do {
            try await GlacierThaw(options).thaw(objects)
            Issue.record("thawed")
        } catch let error as S3Error {
            #expect("\(error)".hasPrefix("1 objects were still in the archive"))
        }
        #expect(proxy.requests.filter { $0.hasPrefix("POST") }.count > 1)
    }

    @Test func `without leave to thaw a frozen object is refused with its class and the remedy`() async throws
    {
        let objects = try await objects("demo/slot-01f00000001-mp.data")
        proxy.inject(head(nil, storageClass: "DEEP_ARCHIVE"), method: "HEAD")
        do {
            try await GlacierThaw.requireReadable(objects)
            Issue.record("readable")
        } catch let error as S3Error {
            #expect("\(error)".contains("demo/slot-01f00000001-mp.data"))
            #expect("\(error)".contains("(DEEP_ARCHIVE)"))
            #expect("\(error)".contains("hint: set device-property \"READ-FROM-GLACIER\" \"yes\""))
        }
    }

    @Test func `a read of a frozen object says so at once`() async throws {
        let objects = try await objects("k")
        proxy.inject(
            .answer(
                status: 403,
                body:
                    "<Error><Code>InvalidObjectState</Code><Message>m</Message><StorageClass>GLACIER</StorageClass></Error>"
            ),
            method: "GET", times: 9)
        do {
            _ = try await objects[0].client.get("k", limit: 1000)
            Issue.record("read")
        } catch S3Error.archived(_, let storageClass) {
            #expect(storageClass == "GLACIER")
        }
        #expect(proxy.requests.filter { $0.hasPrefix("GET") }.count == 1)
    }

    @Test(arguments: S3ThawTier.allCases)
    func `tier and days are those that were asked for`(tier: S3ThawTier) async throws {
        let archive = try AnsweringServer { request in
            guard request.method == "HEAD" else { return .init(202) }
            return .init(
                headers: ["x-amz-storage-class: GLACIER", "Last-Modified: Fri, 21 Dec 2012 00:00:00 GMT"])
        }
        let client = try S3Fixture(endpoint: archive.endpoint, bucket: "archive").client
        var options = GlacierThaw.Options()
        (options.tier, options.days, options.deadline) = (tier, 31, .milliseconds(10))
        options.pollInterval = .milliseconds(5)
        await #expect(throws: S3Error.self) {
            try await GlacierThaw(options).thaw([NeededObject(client: client, key: "k")])
        }
        let body = try #require(archive.requests.first { $0.method == "POST" }?.body)
        #expect(body.contains("<Days>31</Days>") && body.contains("<Tier>\(tier.rawValue)</Tier>"))
    }

    @Test func `nothing comes back expedited from the deep archive, and nothing is asked for`() async throws {
        let objects = try await objects("frozen", "k")
        proxy.inject(head(nil), method: "HEAD", target: "/frozen", times: 9)
        proxy.inject(head(nil, storageClass: "DEEP_ARCHIVE"), method: "HEAD", target: "/k", times: 9)
        await #expect(throws: S3Error.self) { try await quick(.expedited).thaw(objects) }
        #expect(!proxy.requests.contains { $0.hasPrefix("POST") })
    }

    @Test func `the class that was asked for is the class that is stored`() async throws {
        let keeping = S3Keeping(storageClass: "STANDARD_IA")
        let client = S3Client(
            location: client.location, credentials: S3Fixture.everything, transport: try HTTPTransport(),
            retry: .quick, keeping: keeping)
        _ = try await client.put("data", ByteBlock.pattern(1000))
        _ = try await client.put("label", [1])
        #expect(try await client.head("data")?.storageClass == "STANDARD_IA")
        #expect(try await client.head("label")?.storageClass ?? "STANDARD" == "STANDARD")
    }
}
