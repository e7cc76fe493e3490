// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import TestSupport
import Testing

@testable import S3

/// A store that answers 403 for what is not there, unless the caller may list it.
@Suite(.timeLimit(.minutes(2))) struct MissingKeyTests {
    /// `read` and `list` of `own/`, `write` everywhere.
    static let policy = """
        { "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::BUCKET/own/*" },
            { "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::BUCKET/*" },
            { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::BUCKET",
              "Condition": { "StringLike": { "s3:prefix": ["own/*", "seen/*"] } } } ] }
        """

    struct Store {
        let gated: S3Client
        /// The same bucket without the gate.
        let open: S3Client
        let proxy: FaultyProxy
        let gate: PolicyGate
    }

    private func store(
        _ missingKeys: PolicyGate.MissingKeys, _ policy: String = Self.policy
    ) async throws -> Store {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        let gate = PolicyGate(missingKeys: missingKeys)
        gate.set(
            try IAMPolicy(parsing: policy, replacing: ["BUCKET": bucket]), of: server.accessKey, named: "n")
        let proxy = try FaultyProxy(to: server.port, gate: gate)
        return Store(
            gated: try S3Fixture(endpoint: proxy.endpoint, bucket: bucket).client,
            open: try S3Fixture(endpoint: server.endpoint, bucket: bucket).client, proxy: proxy, gate: gate)
    }

    @Test(arguments: PolicyGate.MissingKeys.allCases)
    func `what may be listed and is not there is missing, however the store says so`(
        missingKeys: PolicyGate.MissingKeys
    ) async throws {
        let store = try await store(missingKeys)
        // A key that begins with it is another one.
        _ = try await store.open.put("own/key-2", [1])
        #expect(try await store.gated.head("own/key") == nil)
        await expectMissing { _ = try await store.gated.get("own/key", limit: 10) }
        await expectMissing {
            try await store.gated.get("own/key", range: 0..<1, into: ByteBlock(capacity: 1))
        }
        try await store.gated.createBucketIfAbsent()
        // One asks for the bucket. A listing of a key counts over plain http when it has come twice.
        #expect(
            store.proxy.requests.filter { $0.contains("max-keys") }.count
                == (missingKeys == .always403 ? 1 + 3 * 2 : 1))

        _ = try await store.open.put("own/key", [7])
        #expect(try await store.gated.get("own/key", limit: 10).bytes == [7])
        #expect(try await store.gated.head("own/key")?.byteCount == 1)
    }

    @Test(arguments: PolicyGate.MissingKeys.allCases)
    func `what is refused is never taken for missing`(missingKeys: PolicyGate.MissingKeys) async throws {
        let store = try await store(missingKeys)
        for key in ["seen/key", "hidden/key"] {
            _ = try await store.open.put(key, [7])
            await expectDenied(key) { _ = try await store.gated.get(key, limit: 10) }
            await expectDenied(key) { _ = try await store.gated.head(key) }
            await expectDenied(key) {
                try await store.gated.get(key, range: 0..<1, into: ByteBlock(capacity: 1))
            }
        }
        // Neither read nor list: nobody can tell.
        await expectDenied("hidden/none") { _ = try await store.gated.head("hidden/none") }
        #expect(try await store.gated.head("seen/none") == nil)
    }

    @Test func `what comes between the refusal and the listing is read`() async throws {
        let store = try await store(.always403)
        _ = try await store.open.put("own/late", [7])
        store.proxy.inject(.error(status: 403, code: "AccessDenied"), method: "GET", target: "own/late")
        #expect(try await store.gated.get("own/late", limit: 10).bytes == [7])
    }

    private func expectMissing(_ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("read")
        } catch S3Error.notFound(let call) {
            #expect(call.key == "own/key")
        } catch {
            Issue.record("\(error)")
        }
    }

    private func expectDenied(_ key: String, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("read \(key)")
        } catch let error as S3Error {
            #expect(error.isDenial, "\(error)")
            #expect("\(error)".contains(key), "\(error)")
        } catch {
            Issue.record("\(error)")
        }
    }
}

/// The lock of lifecycle rules where its own key cannot be looked for.
@Suite(.timeLimit(.minutes(2))) struct UnreadableLockTests {
    private func policy(_ actions: String) -> String {
        """
        { "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": [\(actions)], "Resource": "arn:aws:s3:::BUCKET/c/l.lock" } ] }
        """
    }

    private func held(
        _ missingKeys: PolicyGate.MissingKeys, _ actions: String, existing: String?
    ) async throws -> (outcome: Result<String, any Error>, text: String) {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        let open = try S3Fixture(endpoint: server.endpoint, bucket: bucket).client
        if let existing { _ = try await open.put("c/l.lock", Array(existing.utf8)) }
        let gate = PolicyGate(missingKeys: missingKeys)
        gate.set(
            try IAMPolicy(parsing: policy(actions), replacing: ["BUCKET": bucket]), of: server.accessKey,
            named: "n")
        let proxy = try FaultyProxy(to: server.port, gate: gate)
        let lock = ObjectLock(
            client: try S3Fixture(endpoint: proxy.endpoint, bucket: bucket).client, key: "c/l.lock",
            holder: "us", patience: .seconds(20))
        let outcome: Result<String, any Error>
        do {
            outcome = .success(
                try await lock.holding { _ in
                    String(decoding: try await open.get("c/l.lock", limit: 100).bytes, as: UTF8.self)
                })
        } catch {
            outcome = .failure(error)
        }
        let after = try? await open.get("c/l.lock", limit: 100).bytes
        return (outcome, String(decoding: after ?? [], as: UTF8.self))
    }

    @Test(arguments: PolicyGate.MissingKeys.allCases)
    func `it is made without a look`(missingKeys: PolicyGate.MissingKeys) async throws {
        let (outcome, text) = try await held(
            missingKeys, "\"s3:GetObject\", \"s3:PutObject\"", existing: nil)
        #expect(try outcome.get().hasPrefix("us, "))
        #expect(text == "free\n0\n")
    }

    @Test(arguments: ["free\n0\n", "another\n9999999999\n"])
    func `one that is there and must not be read is nobody's to take`(existing: String) async throws {
        let (outcome, text) = try await held(.always403, "\"s3:PutObject\"", existing: existing)
        #expect(throws: S3Error.self) { try outcome.get() }
        do { _ = try outcome.get() } catch let error as S3Error { #expect(error.isDenial, "\(error)") }
        #expect(text == existing)
    }

}
