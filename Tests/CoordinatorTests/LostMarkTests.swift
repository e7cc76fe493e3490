// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import S3
import Testing

@testable import Coordinator

/// The object that says whose a prefix is, and nothing else, is gone or damaged: the backups are there all the same.
@Suite(.timeLimit(.minutes(3))) struct LostMarkTests {
    private func fixture() async throws -> RecoveryFixture {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        let file = try fixture.file
        let manifest = RunOpening.manifest(
            Sample.run, try Selection(file), cluster: file.settings, coordinator: "root@desk, pid 1",
            fence: 1,
            now: Sample.time)
        #expect(try await fixture.direct.create(manifest, fixture.direct.layout.manifest(Sample.run)) != nil)
        return fixture
    }

    private func facts(_ fixture: RecoveryFixture) async throws -> BucketFacts {
        let cluster = try fixture.cluster()
        return try await BucketFacts(cluster, nodes: ["node01"], cluster.volumeJudge())
    }

    @Test func `status goes on seeing what is there, and says what is missing`() async throws {
        let fixture = try await fixture()
        #expect(try await facts(fixture).runCount == 1)
        try await fixture.direct.client.delete(fixture.direct.layout.cluster)
        let found = try await facts(fixture)
        #expect(found.runCount == 1)
        let findings = found.findings.filter { $0.what.contains("'demo/_amfleet/cluster.json' is gone") }
        #expect(findings.count == 1, "\(found.findings)")
        try await fixture.cluster().clusterGuard().claim()
        #expect(try await facts(fixture).findings.allSatisfy { !$0.what.contains("is gone") })
    }

    @Test func `one that cannot be read is told with the command that takes it away`() async throws {
        let fixture = try await fixture()
        let mark = fixture.direct.layout.cluster
        try await fixture.put(Array("{".utf8), mark)
        let error = await #expect(throws: WireError.self) {
            try await fixture.cluster().clusterGuard().claim()
        }
        let endpoint = try #require(try fixture.file.settings.storage.address.endpoint)
        let command = "'aws s3 rm --endpoint-url \(endpoint) s3://\(fixture.name)/\(mark)'"
        #expect(error?.hint?.contains(command) == true, "\(String(describing: error))")
        #expect(try await facts(fixture).findings.contains { $0.fix?.contains(command) == true })
    }

    @Test func `one of another format is left alone, and nobody is told to take it away`() async throws {
        let fixture = try await fixture()
        try await fixture.put(Array(#"{"format": 2, "owner": "demo"}"#.utf8), fixture.direct.layout.cluster)
        let error = await #expect(throws: WireError.self) {
            try await fixture.cluster().clusterGuard().claim()
        }
        #expect(error?.message.contains("it has format 2, this version knows 1") == true)
        #expect(error?.hint?.contains("leave the mark alone") == true)
        #expect(error?.hint?.contains("s3 rm") == false)
    }
}
