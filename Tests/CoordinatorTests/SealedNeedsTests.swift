// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Testing

@testable import Coordinator

/// Which versions of sealed secrets the newest set needs.
@Suite struct SealedNeedsTests {
    private static let runs = ["20261120030600", "20261121030600", "20261123030600"].map(Sample.name)
    private let versions = SealedNeedsTests.runs.map { SealedVersion(run: $0) }

    /// An increment on the full dump of the first run, each made with a key of its own.
    private func record(_ run: Int, sealed: SealedVersion?, supersedes: [SealedVersion] = []) -> NodeRecord {
        var dump = Sample.dump()
        dump.sealed = sealed
        if run > 0 {
            dump.level = 1
            dump.bases = [
                DumpBaseRecord(
                    run: Self.runs[0], writtenRun: Self.runs[0], level: 0, volumes: [], parts: [])
            ]
        }
        var record = Sample.record(
            run: Self.runs[run], dumps: [dump], configurations: [Sample.asked[0]])
        let version = versions[run]
        var secrets = SealedRecord(
            run: version.run, key: "demo/_amfleet/nodes/node01/\(version.fileName)", byteCount: 1,
            sha256: "a",
            recipients: [],
            files: [SealedFileRecord(path: "/k", kind: .encryption, byteCount: 1, fingerprint: "f")])
        if !supersedes.isEmpty { secrets.supersedes = supersedes }
        record.secrets = secrets
        return record
    }

    private func needs(_ record: NodeRecord) async throws -> [SealedVersion: RunName] {
        let full = self.record(0, sealed: versions[0])
        return try await SealedNeeds(record) { $0 == Self.runs[0] ? full : nil }.versions
    }

    @Test func `what an increment builds on needs the key that it was made with`() async throws {
        let found = try await needs(record(2, sealed: versions[2]))
        #expect(found == [versions[2]: Self.runs[2], versions[0]: Self.runs[0]])
    }

    @Test func `a version of which every key is in a newer one is needed by nobody`() async throws {
        let found = try await needs(record(2, sealed: versions[2], supersedes: [versions[0]]))
        #expect(found == [versions[2]: Self.runs[2]])
    }

    @Test func `what is not encrypted costs no request, and needs what was sealed last`() async throws {
        let plain = record(2, sealed: nil)
        let found = try await SealedNeeds(plain) { run in
            Issue.record("asked of run \(run)")
            return nil
        }
        #expect(found.versions == [versions[2]: Self.runs[2]])
        var none = plain
        none.secrets = nil
        #expect(try await SealedNeeds(none) { _ in nil }.versions.isEmpty)
    }

    /// What could not be asked is no "nothing is needed".
    @Test func `a record that cannot be read is told, and so is one that is not asked for`() async throws {
        let increment = record(2, sealed: versions[2])
        let found = try await SealedNeeds(increment) { _ in throw WireError(.storageUnreachable, "503") }
        #expect(found.versions == [versions[2]: Self.runs[2]])
        #expect(found.unread == [Self.runs[0]: "its record cannot be read: 503"])
        var many = increment
        many.configurations[0].dumps[0].bases = try (10...74).map { number in
            let run = try #require(RunName("202611100\(number / 50)\(10 + number % 50)00"))
            return DumpBaseRecord(run: run, writtenRun: run, level: 0, volumes: [], parts: [])
        }
        let cut = try await SealedNeeds(many) { _ in nil }
        #expect(cut.unread.values.map(\.self) == ["no more than 64 earlier runs are looked at"])
        let told = SecretsFindings.of(unread: found.unread, node: "node01")
        #expect(told.map(\.weight) == [.problem])
        #expect(
            told.first?.what
                == "which sealed secrets its data of run \(Self.runs[0]) need is not known: its record cannot be read: 503"
        )
    }

    @Test func `each state is told with the object and the run`() {
        func told(_ state: SecretsFacts.State) -> (weight: Finding.Weight, what: String)? {
            SecretsFindings.of(versions[0], neededBy: Self.runs[0], state, node: "node01", key: "k")
                .map { ($0.weight, $0.what) }
        }
        #expect(told(.sealed) == nil)
        #expect(told(.gone)?.weight == .problem)
        #expect(
            told(.gone)?.what
                == "'k', which holds the secrets that its data of run 20261120030600 need, is not in the bucket any more"
        )
        #expect(told(.damaged)?.weight == .problem)
        #expect(told(.replaced)?.what.hasSuffix("is not what the node has put there") == true)
        #expect(told(.toOthers)?.weight == .remark)
        #expect(told(.unknown("refused"))?.what.hasSuffix("cannot be looked at: refused") == true)
    }
}
