// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Files
import TestSupport
import Testing

@testable import Agent

/// `holdingdisk required`: dumps go by the holding disk, or not at all.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct RequiredHoldingTests {
    private static let run = "20261123030600"

    private func fixture(use: String) async throws -> NodeFixture {
        let fixture = try await NodeFixture(server: .shared())
        let holding = fixture.path("holding")
        try FileSystem.makeDirectories(holding, mode: 0o700)
        try fixture.write("data/a.txt", String(repeating: "some text\n", count: 100_000))
        try fixture.configure(
            "data", disks: [fixture.data], dumptypeLines: ["record no", "holdingdisk required"],
            definitions: ["holdingdisk hd {\n directory \"\(holding)\"\n use \(use)\n chunksize 64 Kb\n}"])
        return fixture
    }

    @Test func `a dump goes to the holding disk and on to its volume in the same run`() async throws {
        let fixture = try await fixture(use: "100 Mb")
        let done = try await fixture.backUp(Self.run)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let dump = try #require(done.record?.configurations[0].dumps.first)
        #expect(dump.status == .ok && dump.held == nil && !dump.parts.isEmpty, "\(dump)")
        #expect(try FileSystem.list(fixture.path("holding")).isEmpty)
        let log = try fixture.read("etc/amanda/data/log.\(Self.run).0").split(separator: "\n")
        func place(_ start: String) -> Int? { log.firstIndex { $0.hasPrefix(start) } }
        let (chunked, taped) = (place("SUCCESS chunker"), place("DONE taper"))
        #expect(try #require(chunked) < #require(taped), "\(log)")
        let target = fixture.path("back")
        let back = try await fixture.restore(Self.run, to: target, configurations: [NodeFixture.both[0]])
        #expect(back.state == .succeeded, "\(String(describing: back.error))")
        let original = try FileSystem.readAll("\(fixture.data)/a.txt")
        #expect(try FileSystem.readAll("\(target)/node01/data\(fixture.data)/a.txt") == original)
    }

    @Test func `without room it fails, though its volume is there`() async throws {
        let fixture = try await fixture(use: "64 Kb")
        try FileSystem.makeDirectories(fixture.path("holding/kept"), mode: 0o700)
        try fixture.write("holding/kept/file", String(repeating: "x", count: 65_536))
        let done = try await fixture.backUp(Self.run)
        #expect(done.state == .failed)
        let dump = try #require(done.record?.configurations[0].dumps.first)
        #expect(dump.status == .failed && dump.parts.isEmpty)
        #expect(
            dump.error?.message.hasPrefix("holdingdisk required; and ") == true,
            "\(String(describing: dump.error))")
    }

    @Test func `without a holding disk it is refused, with the disklist's line`() async throws {
        let fixture = try await fixture(use: "100 Mb")
        try fixture.configure("data", disks: [fixture.data], dumptypeLines: ["holdingdisk required"])
        let done = try await fixture.backUp(Self.run)
        #expect(done.state == .failed && done.error?.kind == .configuration)
        #expect(
            done.error?.message.contains(
                "disklist:1: localhost \(fixture.data): dumptype 'all' says holdingdisk required") == true)
    }
}
