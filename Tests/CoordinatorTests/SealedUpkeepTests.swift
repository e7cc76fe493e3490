// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Testing

@testable import Coordinator

/// Which sealed versions go.
@Suite struct SealedUpkeepTests {
    private static let start = "demo/_amfleet/nodes/"

    private func run(_ day: Int) throws -> RunName {
        try #require(RunName("202611\(day < 10 ? "0" : "")\(day)020000"))
    }

    private func object(_ day: Int, _ number: Int = 1) throws -> SealedObject {
        let version = SealedVersion(run: try run(day), number: number)
        return try #require(SealedObject("\(Self.start)node01/\(version.fileName)", below: Self.start))
    }

    /// Days of the versions that would go.
    private func gone(
        _ versions: [SealedObject], _ current: SealedObject, supersedes: [SealedObject], runs: [Int]
    ) throws -> [String] {
        var record = SealedRecord(
            run: current.version.run, key: current.key, byteCount: 1, sha256: "ab", recipients: [], files: [])
        record.supersedes = supersedes.map(\.version)
        return SealedUpkeep.unneeded(versions, record, try runs.map(run)).map(\.version.text)
    }

    @Test func `what is superseded goes once no run of its time is left`() throws {
        let all = try [object(1), object(3), object(5), object(7)]
        #expect(
            try gone(all, all[3], supersedes: Array(all.prefix(3)), runs: [6, 7])
                == [all[0], all[1]].map(\.version.text))
        #expect(
            try gone(all, all[3], supersedes: Array(all.prefix(3)), runs: [4, 7])
                == [all[0]].map(\.version.text))
        #expect(try gone(all, all[3], supersedes: Array(all.prefix(3)), runs: [1, 3, 5, 7]).isEmpty)
    }

    @Test func `a version with a key of its own stays for ever`() throws {
        let all = try [object(1), object(3), object(5)]
        #expect(try gone(all, all[2], supersedes: [], runs: [9]).isEmpty)
        #expect(try gone(all, all[2], supersedes: [all[1]], runs: [9]) == [all[1].version.text])
    }

    @Test func `nothing goes while the newest is not there, or of what is younger`() throws {
        let all = try [object(1), object(3), object(5)]
        #expect(try gone(Array(all.prefix(2)), all[2], supersedes: Array(all.prefix(2)), runs: [9]).isEmpty)
        // `retry` of an old run has sealed last.
        #expect(try gone(all, all[1], supersedes: [all[0], all[2]], runs: [9]) == [all[0].version.text])
    }

    @Test func `versions of one run are told apart`() throws {
        let all = try [object(1), object(1, 2), object(3)]
        #expect(try gone(all, all[2], supersedes: [all[1]], runs: [3]).isEmpty)
        #expect(try gone(all, all[2], supersedes: [all[1]], runs: [4]) == ["20261101020000.2"])
    }
}
