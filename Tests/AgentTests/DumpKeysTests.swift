// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import ChildProcess
import Files
import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import Agent
@testable import S3

/// With which keys a dump is opened where its node has had several: its record says it, if it can be had.
@Suite struct DumpKeysTests {
    private static let call = S3Call(
        action: "GetObject", endpoint: "https://s3", bucket: "b",
        key: "demo/_amfleet/runs/r/nodes/node01.json")

    private let place: TemporaryDirectory
    private let path: String
    private let told = Told()

    private final class Told: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    init() throws {
        place = try TemporaryDirectory()
        path = place.path("keyring")
        try FileSystem.writeAtomically(path, Array("this machine's".utf8))
    }

    private func run(_ name: String) throws -> RunName { try #require(RunName(name)) }

    private func sealed(_ text: String) -> SealedFile {
        SealedFile(
            path: path, kind: .encryption, mode: 0o600, user: "root", group: "root", userID: 0, groupID: 0,
            content: Array(text.utf8))
    }

    /// - Returns: what the program that decrypts a dump of the fifth gets to see.
    private func seen(
        _ record: @escaping @Sendable (RunName) async throws -> NodeRecord?
    ) async throws -> [String] {
        var order = SecretsOrder(files: [sealed("of the ninth")])
        order.version = SealedVersion(run: try run("20261109020000"))
        order.others = [
            .init(version: SealedVersion(run: try run("20261105020000")), files: [sealed("of the fifth")]),
            .init(
                version: SealedVersion(run: try run("20261105020000"), number: 2),
                files: [sealed("of its second attempt")]),
        ]
        let settings = AgentSettings(
            node: "node01", cluster: "demo", listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(authority: "/x/ca.pem", certificate: "/x/c.pem", privateKey: "/x/c.key"),
            storage: .init())
        let keys = DumpKeys(
            sealed: order, settings: settings, dumpusers: [], accepted: [path], record: record,
            note: { [told] in told.add($0) })
        let dump = RestorableDump(
            record: DumpBaseRecord(
                run: try run("20261105020000"), writtenRun: try run("20261105020000"), level: 0, volumes: [],
                parts: []))
        let disk = RestorableDisk(
            configuration: ConfigurationChoice(name: "data", role: .data), disk: "/data", dumps: [dump],
            recoveryThreadCount: 1)
        return try await keys.given(dump, of: disk).map { String(decoding: $0.content, as: UTF8.self) }
    }

    @Test func `where there is no record the run's own keys are taken`() async throws {
        #expect(try await seen { _ in nil } == ["of its second attempt"])
        #expect(told.all.isEmpty)
    }

    /// Any failure was taken for a run without a record: a dump of the first attempt was then opened with the keys of the second, and
    /// called damaged.
    @Test func `a store that does not answer is no answer, and the disk fails by that name`() async throws {
        await #expect(throws: S3Error.unreachable(Self.call, reason: "gone", attempts: 3)) {
            _ = try await seen { _ in throw S3Error.unreachable(Self.call, reason: "gone", attempts: 3) }
        }
    }

    @Test func `what this node may not read, or nobody can, is a guess, and called one`() async throws {
        #expect(try await seen { _ in throw S3Error.accessDenied(Self.call) } == ["of its second attempt"])
        #expect(
            try await seen { _ in throw WireJSONError(what: "record", longerThan: 5) } == [
                "of its second attempt"
            ])
        #expect(told.all.count == 2)
        for line in told.all {
            #expect(
                line.hasPrefix(
                    "data: /data: which keys level 0 of run 20261105020000 was made with could not be read"))
        }
    }
}
