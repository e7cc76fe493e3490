// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Files
import S3
import TestSupport
import Testing

@testable import Agent

/// What must never be overwritten.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct VolumeProtectionTests {
    @Test func `runs that fail leave the only good dump alone, however many they are`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        try fixture.configure("data", disks: [fixture.data], slots: "{1..2}")
        let good = try await fixture.backUp("20261123030600")
        #expect(good.state == .succeeded, "\(String(describing: good.error))")
        try FileSystem.removeTree(fixture.data)
        for run in ["20261123030700", "20261123030800", "20261123030900"] {
            let failed = try await fixture.backUp(run)
            #expect(failed.state == .failed)
            #expect(failed.record?.configurations[0].volumes.map(\.label) == ["data-02"], "\(run)")
        }
        let data = ConfigurationChoice(name: "data", role: .data)
        var request = try fixture.request(
            "20261123030600",
            .restore(RestoreOrder(sourceNode: "node01", configurations: [data])))
        request.id = "restore"
        let restored = try await fixture.run(request)
        #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
        #expect(try fixture.read("data/a.txt") == "first")
        let next = try await fixture.backUp("20261123031000")
        #expect(next.state == .succeeded, "\(String(describing: next.error))")
        #expect(next.record?.configurations[0].volumes.map(\.label) == ["data-02"])
    }
}
