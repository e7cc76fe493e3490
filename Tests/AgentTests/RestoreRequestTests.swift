// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import S3
import TestSupport
import Testing

@testable import Agent

/// What a restore asks the store for before it reads.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(9)))
struct RestoreRequestTests {
    private static let run = "20261123030600"
    private static let data = [ConfigurationChoice(name: "data", role: .data)]
    private static let partCount = 200
    private static let partByteCount = 65_536

    private let proxy: FaultyProxy
    private let fixture: NodeFixture

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        try fixture.configure(
            "data", disks: [fixture.data], dumptypeLines: ["record no", "compress none", "allow-split yes"])
        let conf = "etc/amanda/data/amanda.conf"
        let small =
            "part_size \(Self.partByteCount >> 10) kilobytes\n  blocksize \(Self.partByteCount >> 10) kilobytes"
        let text = try fixture.read(conf)
        try fixture.write(
            conf, text.replacing("part_size 1 gigabytes\n  blocksize 5 megabytes", with: small))
    }

    private func writeFile(_ byteCount: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 8)
        while bytes.count < byteCount {
            withUnsafeBytes(of: UInt64.random(in: 0 ... .max)) { bytes.append(contentsOf: $0) }
        }
        try FileSystem.makeDirectories(fixture.data)
        try FileSystem.writeAtomically("\(fixture.data)/file", bytes)
        return bytes
    }

    @Test(.long) func `each object of a dump of 200 parts is asked for once`() async throws {
        let bytes = try writeFile(Self.partCount * Self.partByteCount - Self.partByteCount / 2)
        let backup = try await fixture.run(
            fixture.request(Self.run, .backup(BackupOrder(configurations: Self.data))))
        let parts = try #require(backup.record?.configurations.first?.dumps.first).parts
        #expect(parts.count >= Self.partCount, "\(parts.count)")
        let before = proxy.counts("HEAD")

        let restored = try await fixture.restore(
            Self.run, to: fixture.path("restored"), configurations: Self.data)

        #expect(restored.state == .succeeded, "\(restored)")
        let asked = proxy.counts("HEAD").map { ($0, $1 - (before[$0] ?? 0)) }.filter { $0.1 > 0 }
        #expect(asked.allSatisfy { $0.1 == 1 }, "\(asked.filter { $0.1 > 1 })")
        #expect(asked.count <= 2 * parts.count)
        for part in parts { #expect(asked.contains { $0.0.hasSuffix(part.dataKey ?? "") }) }
        let path = fixture.path("restored/node01/data\(fixture.data)/file")
        #expect(try FileSystem.readAll(path) == bytes)
    }

    @Test func `what an earlier attempt has stored is asked for once, by the volume's own keys`() async throws
    {
        _ = try writeFile(3 * Self.partByteCount)
        let request = try fixture.request(Self.run, .backup(BackupOrder(configurations: Self.data)))
        let backup = try await fixture.run(request)
        var record = try #require(backup.record).configurations[0]
        let before = proxy.counts("HEAD")
        let earlier = EarlierDumps(run: request.run) { [fixture] _ in fixture.client }

        // What a record calls the key of a header is for readers; where it lies follows from the volume.
        for index in record.dumps[0].parts.indices { record.dumps[0].parts[index].headerKey = "elsewhere" }
        let proved = try await earlier.proved(in: record)

        #expect(proved.dumps == record.dumps && proved.volumes == record.volumes)
        let asked = proxy.counts("HEAD").map { $1 - (before[$0] ?? 0) }.filter { $0 > 0 }
        #expect(asked.count == 2 * record.dumps[0].parts.count && asked.allSatisfy { $0 == 1 }, "\(asked)")

        let last = try #require(record.dumps[0].parts.last)
        record.dumps[0].parts[record.dumps[0].parts.count - 1].byteCount += 1
        #expect(try await earlier.proved(in: record).dumps.isEmpty)
        record.dumps[0].parts[record.dumps[0].parts.count - 1] = last
        try await fixture.client.delete(try #require(last.dataKey))
        #expect(try await earlier.proved(in: record).dumps.isEmpty)
    }
}
