// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import S3

/// S3 serves a configuration that has been replaced for a while; what the cluster wrote stands in the lock's object.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct LateLifecycleTests {
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

    @Test(arguments: [1, 5])
    func `what is read late loses no rule of another node, and is not reported as lost`(
        lateReads: Int
    ) async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        bucket.configuration.readLate(lateReads)
        for number in 1...3 {
            try await rules(bucket, "node\(number)").moveToGlacier(
                label: "l\(number)", filesPrefix: "demo/node\(number)/slot-01f", days: 0)
            bucket.configuration.beLate()
        }
        #expect(try bucket.ids == ["logs", "x", "l1", "l2", "l3"] && bucket.writeCount == 3)
        #expect(bucket.text.hasPrefix(String(LifecycleDocumentTests.foreign.dropLast(30))))
    }

    @Test func `however late, what was written stands, rules of others included`() async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        let hasty = { try rules(bucket, $0, atEnd: .zero, underLock: .zero) }
        bucket.configuration.text = LifecycleDocumentTests.foreign.replacing(
            "<ID>x</ID>", with: "<ID>new</ID>")
        bucket.configuration.freezeReads()
        for number in 1...2 {
            await #expect(throws: S3Error.lifecycleLost(bucket: "b")) {
                try await hasty("node\(number)").moveToGlacier(
                    label: "l\(number)", filesPrefix: "p\(number)f", days: 0)
            }
        }
        #expect(try bucket.ids == ["logs", "new", "l1", "l2"])
        #expect(bucket.text.hasPrefix(String(LifecycleDocumentTests.foreign.prefix { $0 != "T" })))
    }

    @Test func `a rule that went does not come back, and one that is read late goes`() async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        try await rules(bucket).moveToGlacier(label: "l", filesPrefix: "pf", days: 0)
        bucket.configuration.readLate(3)
        bucket.configuration.beLate()
        try await rules(bucket).forget(filesPrefix: "pf")
        #expect(bucket.text == LifecycleDocumentTests.foreign)
        bucket.configuration.beLate()
        try await rules(bucket, "node02").moveToGlacier(label: "m", filesPrefix: "qf", days: 0)
        #expect(try bucket.ids == ["logs", "x", "m"])
    }

    @Test func `who overwrites all that we wrote is not overwritten with old rules`() async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        try await rules(bucket).moveToGlacier(label: "l", filesPrefix: "pf", days: 0)
        bucket.configuration.text =
            "<LifecycleConfiguration><Rule><ID>theirs</ID><Prefix>t</Prefix>"
            + "<Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>"
        try await rules(bucket, "node02", underLock: .milliseconds(50)).moveToGlacier(
            label: "m", filesPrefix: "qf", days: 0)
        #expect(try bucket.ids == ["theirs", "l", "m"])
    }

    @Test func `a store's own way of writing a configuration down is not another one`() async throws {
        let bucket = try LifecycleBucket(nil)
        try await rules(bucket).moveToGlacier(label: "l", filesPrefix: "pf", days: 0)
        bucket.configuration.text = bucket.text.replacing(".000Z", with: "Z")
            .replacing("<Prefix>pf</Prefix>", with: " <Filter>\n <Prefix>pf</Prefix></Filter>")
        try await rules(bucket, "node02", underLock: .seconds(600)).moveToGlacier(
            label: "m", filesPrefix: "qf", days: 0)
        #expect(try bucket.ids == ["l", "m"] && bucket.writeCount == 2)
    }

    @Test func `what was done long ago is not held against what is read`() async throws {
        let old = try LifecycleDocument(parsing: Array(LifecycleDocumentTests.foreign.utf8))
        let rule = TransitionRule(label: "l", prefix: "pf", days: 0, now: 0)
        var new = old
        try new.append(rule)
        let journal = LifecycleJournal(old, at: 1000)
            .replacing(old, by: new, .init(prefix: "pf", rule: rule, at: 1000))
        #expect(LifecycleJournal(journal.note) == journal && !journal.note.contains("\n"))
        #expect(journal.age(of: new, now: 1001) == .current)
        #expect(journal.age(of: old, now: 1001) == .replaced)
        #expect(journal.age(of: LifecycleDocument(), now: 1001) == .unknown)
        #expect(journal.age(of: old, now: 1001 + LifecycleJournal.memory) == .current)
    }

    @Test func `what a node has made is known without asking for the configuration`() async throws {
        let bucket = try LifecycleBucket(LifecycleDocumentTests.foreign)
        let rules = try rules(bucket)
        #expect(try await rules.trace(filesPrefix: "pf") == .none)
        _ = try await lockClient.put("demo/_amfleet/lifecycle-b.lock", Array("free\n0\n".utf8))
        #expect(try await rules.trace(filesPrefix: "pf") == .unknown)
        #expect(bucket.server.requests.isEmpty)
        try await rules.moveToGlacier(label: "l", filesPrefix: "pf", days: 0)
        #expect(try await rules.trace(filesPrefix: "pf") == .recorded)
        #expect(try await rules.trace(filesPrefix: "p") == .none)
        try await rules.forget(filesPrefix: "pf")
        #expect(try await rules.trace(filesPrefix: "pf") == .none)
        bucket.configuration.refuse("PUT", with: LifecycleConfiguration.error(403, "AccessDenied"))
        await #expect(throws: S3Error.self) {
            try await rules.moveToGlacier(label: "l", filesPrefix: "pf", days: 0)
        }
        #expect(try await rules.trace(filesPrefix: "pf") == .none)
    }

    @Test func `a rule that somebody took away is forgotten`() async throws {
        let bucket = try LifecycleBucket(nil)
        let rules = try rules(bucket, underLock: .zero)
        try await rules.moveToGlacier(label: "l", filesPrefix: "pf", days: 0)
        bucket.configuration.text = nil
        try await rules.forget(filesPrefix: "pf")
        #expect(try await rules.trace(filesPrefix: "pf") == .none)
        #expect(try await !rules.hasRule(filesPrefix: "pf"))
        bucket.configuration.refuse("GET", with: LifecycleConfiguration.error(501, "NotImplemented"))
        #expect(try await !rules.hasRule(filesPrefix: "pf"))
    }
}
