// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import Logging
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Two coordinators of one cluster that replace its authority.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(9)))
struct AuthorityClaimTests {
    private let fixture: RecoveryFixture
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The second one lies in `again`, as a copy of the machine would.
    init() async throws {
        fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        _ = try await fixture.recover()
    }

    private func file(_ directory: String) throws -> ClusterFile {
        try ClusterFile.load(fixture.directory.path("\(directory)/cluster.json"))
    }

    private func begin(_ directory: String, takesOver: Bool = false) async throws {
        let command = try await AuthorityRenewCommand(
            file(directory), .init(takesOver: takesOver), logger: logger
        ) { [logger] in try Cluster($0, console: .silent, logger: logger) }
        await command.close()
    }

    private func authorities(_ directory: String) throws -> Int {
        try file(directory).authorities().authorities.count
    }

    /// Each made one of its own, the nodes believed whose came last, and the certificates of the other were nobody's.
    @Test func `one of them does, the other is told by whom, and has changed nothing`() async throws {
        async let first = Result<Void, any Error> { try await begin("c") }
        async let second = Result<Void, any Error> { try await begin("again") }
        let outcomes = [("c", await first), ("again", await second)]
        let lost = outcomes.filter { if case .failure = $0.1 { true } else { false } }.map(\.0)
        #expect(lost.count == 1, "\(outcomes)")
        let loser = try #require(lost.first)
        let winner = loser == "c" ? "again" : "c"
        #expect(try authorities(winner) == 2 && authorities(loser) == 1)
        #expect(try AuthorityRollOver.current(file(loser)) == nil)
        #expect(try AuthorityRollOver.prepared(file(loser)) == nil)
        let made = try #require(try AuthorityRollOver.current(file(winner)))

        // Again and again: the one goes on, the other does not.
        try await begin(winner)
        let error = await #expect(throws: CoordinatorError.self) { try await begin(loser) }
        #expect(error?.ending == .busy)
        #expect(
            error?.facts.contains(made.fingerprint) == true && error?.facts.contains(Cluster.holder) == true)
        #expect(error?.hint?.contains("--take-over") == true)
        // Nor does it issue anything by an authority that goes.
        let cluster = try Cluster(file(loser), console: .silent, logger: logger)
        await #expect(throws: CoordinatorError.self) { try await cluster.refuseForeignAuthority() }
        let own = try Cluster(file(winner), console: .silent, logger: logger)
        try await own.refuseForeignAuthority()
        await cluster.close()
        await own.close()

        try await begin(loser, takesOver: true)
        #expect(try authorities(loser) == 2)
        await #expect(throws: CoordinatorError.self) { try await begin(winner) }
    }

    @Test func `what was claimed is gone on with after a kill, and once it is done the next can be claimed`()
        async throws
    {
        let renewal = AuthorityRenewal(file: try file("c"))
        let prepared = try renewal.make(authorityKey: nil)
        // Nothing signs with it yet, and nobody is told of it.
        #expect(try AuthorityRollOver.current(file("c")) == nil && authorities("c") == 1)
        let old = try #require(try renewal.old(prepared))
        try await AuthorityClaiming(bucket: fixture.direct).claim(
            prepared, over: old, cluster: "demo", takesOver: false)
        try await begin("c")
        let current = try #require(try AuthorityRollOver.current(file("c")))
        #expect(current.fingerprint == prepared.fingerprint)
        try renewal.goOver(current)
        _ = try renewal.end(current)
        try await begin("c")
        #expect(try AuthorityRollOver.current(file("c")).map(\.fingerprint) != prepared.fingerprint)
    }

    /// The store has it, and nobody learnt of that.
    @Test(arguments: [false, true])
    func `a claim whose answer was lost is one's own`(takesOver: Bool) async throws {
        let renewal = AuthorityRenewal(file: try file("c"))
        let prepared = try renewal.make(authorityKey: nil)
        let old = try #require(try renewal.old(prepared))
        for fault in [
            ProxyFault.cutAnswer(after: 0), .errorAfterwards(status: 503, code: "SlowDown"),
        ] {
            let (store, proxy) = try await StoreFixture.weedBehindProxy()
            let key = store.bucket.layout.authorityClaim(old)
            if takesOver {
                let others = AuthorityClaim(
                    cluster: "demo", next: "aa", holder: "another", begunAt: Sample.time)
                _ = try await store.bucket.write(others, key, .none)
            }
            let before = proxy.requests.count
            proxy.inject(fault, method: "PUT", target: "successions/")
            try await AuthorityClaiming(bucket: store.bucket).claim(
                prepared, over: old, cluster: "demo", takesOver: takesOver)
            let found = try await store.bucket.read(AuthorityClaim.self, key)
            #expect(found?.value.next == prepared.fingerprint)
            let writes = proxy.requests.dropFirst(before).filter {
                $0.hasPrefix("PUT") && $0.contains("successions/")
            }
            #expect(writes.count == 2, "\(writes)")
        }
    }

    @Test(.long) func `where the store does not answer nothing has changed, and without a claim it goes on`()
        async throws
    {
        var file = try file("c")
        file.settings.storage.address.endpoint = "http://127.0.0.1:1"
        try file.save()
        await #expect(throws: (any Error).self) { try await begin("c") }
        #expect(try AuthorityRollOver.current(file) == nil && authorities("c") == 1)
        let command = try await AuthorityRenewCommand(file, .init(isClaimed: false), logger: logger) {
            [logger] in try Cluster($0, console: .silent, logger: logger)
        }
        await command.close()
        #expect(try authorities("c") == 2)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ work: () async throws -> Success) async {
        do {
            self = .success(try await work())
        } catch {
            self = .failure(error)
        }
    }
}
