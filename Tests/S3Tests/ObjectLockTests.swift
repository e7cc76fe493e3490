// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import S3

/// The lock that lets one node at a time rewrite a bucket's lifecycle: here the condition is all there is.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct ObjectLockTests {
    private static let conditional = ["if-match", "if-none-match"]
    private let proxy: FaultyProxy
    private let client: S3Client
    private let lock: ObjectLock

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        client = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket()).client
        lock = ObjectLock(client: client, key: "lock", holder: "node01", patience: .seconds(20))
    }

    private var text: String {
        get async throws { String(decoding: try await client.get("lock", limit: 100).bytes, as: UTF8.self) }
    }

    @Test func `a lost answer or a refusal on any of its writes costs it nothing`() async throws {
        for fault in [
            ProxyFault.cutAnswer(after: 0), .error(status: 503, code: "SlowDown"),
            .errorAfterwards(status: 500, code: "InternalError"),
        ] {
            for struck in 0..<4 {
                proxy.inject(fault, method: "PUT", skip: struck)
                let held = try await lock.holding { _ in try await text }
                #expect(held.hasPrefix("node01, "), "\(fault) at write \(struck)")
                #expect(try await text == "free\n0\n")
                proxy.clear()
            }
        }
    }

    @Test func `where the store takes no condition nothing is begun, and the reason is told`() async throws {
        proxy.inject(
            .error(status: 501, code: "NotImplemented"), method: "PUT", headers: Self.conditional, times: .max
        )
        let error = await #expect(throws: S3Error.self) {
            try await lock.holding { _ in _ = Issue.record("begun") }
        }
        #expect(error?.facts.contains("takes no conditional writes (status 501 NotImplemented") == true)
    }

    @Test func `a weak entity tag is named, and nobody waits for a holder that there is not`() async throws {
        try await lock.holding { _ in }
        proxy.inject(.error(status: 412, code: "PreconditionFailed"), headers: ["if-match"], times: .max)
        proxy.inject(.changeHeader("etag") { "W/\($0)" }, times: .max)
        let error = await #expect(throws: S3Error.self) {
            try await lock.holding { _ in _ = Issue.record("begun") }
        }
        #expect(error?.facts.contains("gives weak entity tags (W/\"") == true, "\(String(describing: error))")
    }

    @Test(.enabled(if: RequiredTools.areUsable("rclone")))
    func `a store that ignores conditions lets nobody in, and the lock stays free`() async throws {
        let fixture = try await S3Fixture(.rclone)
        let lock = ObjectLock(client: fixture.client, key: fixture.key("lock"), holder: "node01")
        let error = await #expect(throws: S3Error.self) {
            try await lock.holding { _ in _ = Issue.record("begun") }
        }
        #expect(error?.facts.contains("ignores conditional writes") == true, "\(String(describing: error))")
        let left = try await fixture.client.get(fixture.key("lock"), limit: 100).bytes
        #expect(String(decoding: left, as: UTF8.self).hasPrefix("free\n0\n"))
    }
}
