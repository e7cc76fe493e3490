// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Stores, and proxies before them, that cannot do what conditional writes need: told by what they do, not by their names.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct StoreConditionTests {
    private static let conditional = ["if-match", "if-none-match"]
    private let store: StoreFixture
    private let proxy: FaultyProxy

    init() async throws {
        (store, proxy) = try await StoreFixture.weedBehindProxy()
    }

    private var key: String { store.bucket.layout.manifest(Sample.run) }
    private func manifest(_ revision: Int = 1) -> RunManifest {
        var manifest = Sample.manifest([Sample.verdict("node01", .running)], .running)
        manifest.revision = revision
        return manifest
    }

    /// What makes a store one without conditions, and what is then said of it.
    private static let refusals: [(fault: ProxyFault, text: String)] = [
        (
            .error(status: 501, code: "NotImplemented"),
            "takes no conditional writes (status 501 NotImplemented"
        ),
        (.answer(status: 501), "takes no conditional writes (status 501 without a word)"),
        (
            .answer(
                status: 400,
                body:
                    "<Error><Code>InvalidArgument</Code><Message>Unsupported header 'if-none-match'</Message></Error>"
            ),
            "takes no conditional writes (status 400 InvalidArgument: Unsupported header 'if-none-match')"
        ),
        (
            .answer(
                status: 403,
                body: "<Error><Code>AccessDenied</Code><Message>header not implemented</Message></Error>"),
            "takes no conditional writes (status 403 AccessDenied: header not implemented)"
        ),
        // They do not say what for: that the same write is taken without a condition does.
        (.answer(status: 403, body: "<html>blocked</html>"), "takes no conditional writes ("),
        (.answer(status: 405), "takes no conditional writes ("),
        (.error(status: 400, code: "InvalidRequest"), "takes no conditional writes ("),
    ]

    @Test(arguments: refusals.indices)
    func `a store that refuses conditions is told so, with its words and the way out`(index: Int) async throws
    {
        let (fault, text) = Self.refusals[index]
        proxy.inject(fault, method: "PUT", headers: Self.conditional, times: .max)
        let error = await #expect(throws: CoordinatorError.self) { _ = try await store.lease("me") }
        #expect(error?.ending == .storage)
        #expect(error?.facts.hasPrefix("\(proxy.endpoint) \(text)") == true, "\(String(describing: error))")
        #expect(error?.hint?.hasPrefix("say --no-lease if nobody else can start a run; otherwise") == true)
        #expect(try await store.stored() == nil, "nothing is left that blocks another")
        // What --no-lease needs: documents are written without, after a look.
        let bucket = store.bucket
        let created = try #require(try await bucket.create(manifest(), key))
        #expect(try await bucket.create(manifest(), key) == nil)
        #expect(bucket.conditions.areMissing)
        let changed = try #require(try await bucket.change(created, to: manifest(2), key))
        #expect(
            try await bucket.change(created, to: manifest(3), key) == nil,
            "somebody else's is not overwritten")
        #expect(try await bucket.change(changed, to: manifest(3), key) != nil)
        #expect(try await bucket.manifest(Sample.run)?.value.revision == 3)
    }

    @Test(arguments: [false, true])
    func `a store that calls every condition unmet is told so, and documents are written without`(
        isThereAlready: Bool
    ) async throws {
        if isThereAlready { await (try await store.lease("before")).release() }
        proxy.inject(
            .error(status: 412, code: "PreconditionFailed"), method: "PUT", headers: Self.conditional,
            times: .max)
        let error = await #expect(throws: CoordinatorError.self) { _ = try await store.lease("me") }
        #expect(error?.ending == .storage)
        let text =
            isThereAlready
            ? "does not meet its own entity tag (" : "says that an object is there which is not"
        #expect(error?.facts.contains(text) == true, "\(String(describing: error))")
        #expect(error?.hint?.hasPrefix("say --no-lease if nobody else can start a run; otherwise") == true)
        let bucket = store.bucket
        if isThereAlready {
            // Learnt by a change of what is there as well as by a first write.
            let before = try #require(try await bucket.write(manifest(), key, .none))
            #expect(try await bucket.change(before, to: manifest(2), key) != nil)
            #expect(try await bucket.change(before, to: manifest(3), key) == nil)
        } else {
            let created = try #require(try await bucket.create(manifest(), key))
            #expect(try await bucket.change(created, to: manifest(2), key) != nil)
            #expect(try await bucket.change(created, to: manifest(3), key) == nil)
        }
        #expect(bucket.conditions.areMissing)
        #expect(try await bucket.create(manifest(4), key) == nil, "what is there is not overwritten")
        #expect(try await bucket.manifest(Sample.run)?.value.revision == 2)
    }

    @Test func `a write that another was faster with stays the other's, and the store one with conditions`()
        async throws
    {
        // Between the look and the write.
        let direct = store.bucket
        proxy.inject(.delay(.seconds(5)), method: "PUT", headers: ["if-none-match"])
        let slow = Task { try await store.bucket.create(manifest(2), key) }
        while !proxy.requests.contains(where: { $0.hasPrefix("PUT") }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await direct.write(manifest(), key, .none) != nil)
        #expect(try await slow.value == nil)
        #expect(!store.bucket.conditions.areMissing)
        #expect(try await store.bucket.manifest(Sample.run)?.value.revision == 1)
    }

    @Test func `a write that is refused with and without a condition is told as it is`() async throws {
        proxy.inject(.error(status: 403, code: "AccessDenied"), method: "PUT", times: .max)
        let lease = await #expect(throws: S3Error.self) { _ = try await store.lease("me") }
        guard case .accessDenied = lease else {
            Issue.record("\(String(describing: lease))")
            return
        }
        let document = await #expect(throws: S3Error.self) {
            _ = try await store.bucket.create(manifest(), key)
        }
        guard case .accessDenied = document else {
            Issue.record("\(String(describing: document))")
            return
        }
        #expect(!store.bucket.conditions.areMissing)
        // The store blames a header, but it is none of ours that it would take the write without.
        proxy.clear()
        proxy.inject(.error(status: 501, code: "NotImplemented"), method: "PUT", times: .max)
        let blamed = await #expect(throws: S3Error.self) { _ = try await store.lease("me") }
        guard case .refused(_, 501, _) = blamed else {
            Issue.record("\(String(describing: blamed))")
            return
        }
    }

    @Test func `a store that knows If-None-Match alone is refused, and its lease given back`() async throws {
        proxy.inject(.error(status: 501, code: "NotImplemented"), headers: ["if-match"], times: .max)
        for _ in 0..<2 {
            let error = await #expect(throws: CoordinatorError.self) { _ = try await store.lease("me") }
            #expect(error?.ending == .storage)
            #expect(try await store.stored()?.isReleased == true)
        }
    }

    /// What a proxy makes of the entity tag, and whether the lease can be had all the same.
    private static let tags:
        [(name: String, method: String?, change: @Sendable (String) -> String?, text: String?)] = [
            ("weak on the way", nil, { "W/\($0)" }, nil),
            ("without quotes", nil, { $0.filter { $0 != "\"" } }, nil),
            ("another with the write", "PUT", { _ in "\"0123\"" }, nil),
            ("none with the write", "PUT", { _ in nil }, nil),
            (
                "another when read", "GET", { "\($0.dropLast())-gzip\"" },
                "does not meet its own entity tag (\""
            ),
            (
                "weak and another when read", "GET", { "W/\($0.dropLast())-gzip\"" },
                "gives weak entity tags (W/\""
            ),
            (
                "another each time", nil, { _ in "\"\(UInt32.random(in: 0...UInt32.max))\"" },
                "does not meet its own entity tag (\""
            ),
            ("none", nil, { _ in nil }, "gives no entity tags (ETag)"),
        ]

    @Test(arguments: tags.indices, [false, true])
    func `an entity tag that is changed on the way is met, or named as what it is`(
        index: Int, isThereAlready: Bool
    ) async throws {
        let tag = Self.tags[index]
        if isThereAlready { await (try await store.lease("before")).release() }
        proxy.inject(.changeHeader("etag", tag.change), method: tag.method, times: .max)
        // Where only reading gives another one, the tag of our own write still holds.
        guard let text = tag.text, isThereAlready || tag.method != "GET" else {
            let lease = try await store.lease("me")
            #expect(await lease.renew() == nil)
            #expect(lease.isHeld)
            await lease.release()
            #expect(try await store.stored()?.isReleased == true)
            return
        }
        let error = await #expect(throws: CoordinatorError.self) { _ = try await store.lease("me") }
        #expect(error?.ending == .storage)
        #expect(error?.facts.contains(text) == true, "\(tag.name): \(String(describing: error))")
        #expect(error?.hint?.contains("lead storage.endpoint past whatever changes ETag") == true)
        #expect(try await store.stored()?.isReleased != false)
        // Both ways out.
        let created = try #require(try await store.bucket.create(manifest(), key))
        #expect(try await store.bucket.change(created, to: manifest(2), key) != nil)
        #expect(try await store.bucket.change(created, to: manifest(3), key) == nil)
        proxy.clear()
        let lease = try await store.lease("past the proxy")
        await lease.release()
    }

    @Test func `a store whose tags are truly weak is named so, and never called another's write`()
        async throws
    {
        await (try await store.lease("before")).release()
        proxy.inject(.error(status: 412, code: "PreconditionFailed"), headers: ["if-match"], times: .max)
        proxy.inject(.changeHeader("etag") { "W/\($0)" }, times: .max)
        let error = await #expect(throws: CoordinatorError.self) { _ = try await store.lease("me") }
        #expect(error?.facts.contains("gives weak entity tags (W/\"") == true, "\(String(describing: error))")
        #expect(error?.description.contains("start at the same time") == false)
    }

    @Test func `two that call themselves the same do not take each other's lease for theirs`() async throws {
        let outcomes = try await onEveryNode((0..<6).map { "\($0)" }) { _ in
            try await store.lease("root@backup, pid 1").fence
        }
        #expect(outcomes.compactMap(\.report).count == 1)
    }

    @Test func `a lease that was removed while it was tried is taken again`() async throws {
        let direct = store.bucket.client
        let lease = try await store.lease("first")
        await lease.release()
        // The proof's first write finds no object: the store has kept every condition all the same.
        proxy.inject(.delay(.seconds(5)), method: "PUT", target: "lease.json", skip: 1)
        let taking = Task { try await store.lease("second") }
        while !(try await store.stored()?.holder == "second") { try await Task.sleep(for: .milliseconds(20)) }
        try await direct.delete(store.bucket.layout.lease)
        let second = try await taking.value
        #expect(second.isHeld)
        #expect(try await store.stored()?.holder == "second")
        #expect(try await store.stored()?.isReleased == false)
        await second.release()
    }

    @Test func `giving back is sure of a renewal whose answer was lost`() async throws {
        let lease = try await store.lease("me")
        var renewed = try #require(try await store.stored())
        renewed.expiresAt += 3
        _ = try await store.bucket.write(renewed, store.bucket.layout.lease, .none)
        await lease.release()
        #expect(try await store.stored()?.isReleased == true)
    }

    @Test func `another's longer document after a lost answer is another's`() async throws {
        let client = store.bucket.client
        _ = try await client.put("k", Array(repeating: 7, count: 100))
        proxy.inject(.error(status: 503, code: "SlowDown"), method: "PUT")
        let error = await #expect(throws: S3Error.self) {
            try await client.put("k", [1], condition: .ifAbsent)
        }
        guard case .preconditionFailed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let gone = await #expect(throws: S3Error.self) {
            try await client.put("gone", [1], condition: .ifMatch("abc"))
        }
        guard case .preconditionFailed = gone else {
            Issue.record("\(String(describing: gone))")
            return
        }
    }

    @Test func `an answer that arrived damaged leaves a conditional write ours`() async throws {
        let client = store.bucket.client
        proxy.inject(.changeHeader("x-amz-checksum-crc32c") { _ in "AAAAAA==" }, method: "PUT")
        _ = try await client.put("k", Array("mine".utf8), condition: .ifAbsent)
        #expect(try await client.get("k", limit: 9).bytes == Array("mine".utf8))
    }
}
