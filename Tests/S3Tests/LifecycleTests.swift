// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import S3

/// The one configuration of a bucket under many writers.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct LifecycleRulesTests {
    private let lockClient: S3Client

    init() async throws {
        lockClient = try await S3Fixture(.seaweed).client
    }

    private func rules(
        _ bucket: LifecycleBucket, _ node: String = "node01", atEnd: Duration = .seconds(20),
        underLock: Duration = .seconds(10)
    ) throws -> LifecycleRules {
        try bucket.rules(node, lockedBy: lockClient, atEnd: atEnd, underLock: underLock)
    }

    @Test func `ten nodes at once lose no rule, not their own and nobody else's`() async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                let rules = try rules(bucket, "node\(number)")
                group.addTask {
                    try await rules.moveToGlacier(
                        label: "amanda-01", filesPrefix: "demo/node\(number)/slot-01f", days: 0)
                }
            }
            try await group.waitForAll()
        }
        #expect(try Set(bucket.ids).count == 12)
        #expect(bucket.text.hasPrefix(String(LifecycleDocumentTests.foreign.prefix { $0 != "T" })))
        #expect(bucket.writeCount == 10)
        let headers = try #require(bucket.server.requests.first { $0.method == "PUT" }?.headers)
        #expect(headers["x-amz-transition-default-minimum-object-size"] == "varies_by_storage_class")
        #expect(headers["content-md5"] != nil && headers["x-amz-checksum-crc32c"] != nil)
    }

    @Test func `doing it again writes nothing, and a volume that is used again loses its rule`() async throws
    {
        let bucket = try LifecycleBucket(nil)
        let rules = try rules(bucket)
        for _ in 0..<2 { try await rules.moveToGlacier(label: "l", filesPrefix: "p/slot-01f", days: 5) }
        #expect(try bucket.ids == ["l"] && bucket.writeCount == 1)
        try await rules.moveToGlacier(label: "l", filesPrefix: "p/slot-01f", days: 6)
        #expect(try bucket.ids == ["l"] && bucket.writeCount == 2)
        try await rules.forget(filesPrefix: "p/slot-01f")
        #expect(bucket.configuration.text == nil)
        try await rules.forget(filesPrefix: "p/slot-01f")
    }

    @Test(arguments: [
        (500, "InternalError"), (403, "AccessDenied"), (404, "NoSuchBucket"), (404, "Whatever"),
        (200, "InternalError"),
    ])
    func `what cannot be read is never written`(status: Int, code: String) async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        bucket.configuration.refuse("GET", with: LifecycleConfiguration.error(status, code))
        let client = S3Client(
            location: try S3Location(bucket: "b", endpoint: bucket.server.endpoint),
            credentials: S3Fixture.everything,
            transport: try HTTPTransport(),
            retry: RetryPolicy(storageOutage: .milliseconds(300), firstDelay: .milliseconds(5)))
        let rules = LifecycleRules(
            client: client, lockClient: lockClient, lockKey: "k", holder: "n")
        await #expect(throws: S3Error.self) {
            try await rules.moveToGlacier(label: "l", filesPrefix: "p", days: 0)
        }
        await #expect(throws: S3Error.self) { try await rules.forget(filesPrefix: "p") }
        #expect(bucket.text == LifecycleDocumentTests.foreign)
        #expect(!bucket.server.requests.isEmpty && bucket.server.requests.allSatisfy { $0.method == "GET" })
    }

    @Test func `a write that somebody else undid is repeated, five times at most`() async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        let rules = try rules(bucket, atEnd: .milliseconds(50), underLock: .milliseconds(50))
        bucket.configuration.lose(writes: 2)
        try await rules.moveToGlacier(label: "l", filesPrefix: "p", days: 0)
        #expect(try bucket.ids == ["logs", "x", "l"])
        bucket.configuration.lose(writes: 99)
        await #expect(throws: S3Error.lifecycleLost(bucket: "b")) {
            try await rules.moveToGlacier(label: "m", filesPrefix: "q", days: 0)
        }
    }

    @Test func `the thousandth rule is the last`() async throws {
        let text =
            "<LifecycleConfiguration>"
            + (0..<1000).map { "<Rule><ID>r\($0)</ID><Prefix>x\($0)</Prefix><Status>Enabled</Status></Rule>" }
            .joined() + "</LifecycleConfiguration>"
        let bucket = try LifecycleBucket(text)
        do {
            try await rules(bucket).moveToGlacier(label: "l", filesPrefix: "p", days: 0)
            Issue.record("added")
        } catch let error as S3Error {
            #expect("\(error)".hasPrefix("bucket 'b' has 1000 lifecycle rules, as many as S3 allows"))
        }
        #expect(bucket.text == text)
    }

    @Test func `a holder that died is waited for until its lease is over, a living one is named`()
        async throws
    {
        let key = "lock"
        let now = Int64(WallClock.now)
        _ = try await lockClient.put(key, Array("node07, 1\n\(now + 100)\n".utf8))
        var lock = ObjectLock(client: lockClient, key: key, holder: "node01")
        lock.patience = .seconds(1)
        do {
            try await lock.holding { _ in }
            Issue.record("taken")
        } catch let error as S3Error {
            #expect("\(error)".contains("was held by others all the time: node07, 1"))
        }
        _ = try await lockClient.put(key, Array("node07, 1\n\(now + 2)\n".utf8))
        lock.patience = .seconds(20)
        try await lock.holding { _ in }
        #expect(try await lockClient.get(key, limit: 100).bytes == Array("free\n0\n".utf8))
        // Longer than any holder may keep it: it keeps nobody out.
        _ = try await lockClient.put(key, Array("node07, 1\n\(now + 3600)\n".utf8))
        lock.patience = .seconds(20)
        try await lock.holding { _ in }
    }

    @Test func `real rules of another tool survive a store that knows no Glacier`() async throws {
        let keys = LocalS3Server.Identity(
            name: "admin", accessKey: "adminkey", secretKey: "adminsecret", actions: ["Admin"])
        let server = try await LocalS3Server.start(identities: [keys])
        let client = S3Client(
            location: try S3Location(bucket: try await server.makeBucket(), endpoint: server.endpoint),
            credentials: FixedCredentials(
                S3Credentials(accessKeyID: "adminkey", secretAccessKey: Secret("adminsecret"), origin: "t")),
            transport: try HTTPTransport(), retry: .quick)
        #expect(try await client.lifecycle().document.rules.isEmpty)
        let foreign = """
            <LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>logs</ID>\
            <Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>30</Days></Expiration>\
            </Rule></LifecycleConfiguration>
            """
        let document = try LifecycleDocument(parsing: Array(foreign.utf8))
        try await client.setLifecycle(StoredLifecycle(document: document))
        #expect(try await client.lifecycle().document.bytes == Array(foreign.utf8))
        let rules = LifecycleRules(client: client, lockClient: client, lockKey: "lock", holder: "n")
        do {
            try await rules.moveToGlacier(label: "l", filesPrefix: "p", days: 0)
            Issue.record("accepted: then this test can be stricter")
        } catch S3Error.refused(let call, 501, _) {
            #expect(call.action == "PutBucketLifecycleConfiguration")
        }
        #expect(try await client.lifecycle().document.bytes == Array(foreign.utf8))
        try await client.setLifecycle(StoredLifecycle(document: LifecycleDocument()))
        #expect(try await client.lifecycle().document.rules.isEmpty)
        await server.stop()
    }
}
