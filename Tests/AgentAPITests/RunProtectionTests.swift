// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import Testing

@testable import AgentAPI

@Suite struct RunProtectionTests {
    private let run = RunName("20261123030600")
    private let older = RunName("20261122030600")

    @Test func `comes out of a query as it went in`() throws {
        let (run, older) = (try #require(run), try #require(older))
        let volumes = [
            ProtectedVolume(configuration: "vertica", label: "vertica,01/x", run: older),
            ProtectedVolume(configuration: "amanda-server", label: "amanda-server-0001", run: run),
        ]
        let protection = RunProtection(runs: [
            ProtectedRun(run: run, reason: .set, volumes: volumes),
            ProtectedRun(run: older, reason: .pinned, volumes: nil),
            ProtectedRun(run: older, reason: .pinned, volumes: []),
        ])
        let items = protection.queryItems.map { (name: $0.0, value: $0.1) }
        #expect(RunProtection(queryItems: items) == protection)
        #expect(RunProtection(queryItems: [("bucket", "b")]) == nil)
        #expect(
            RunProtection(queryItems: [("protect", "x,set"), ("volume", "20261123030600,vertica/l")]) == nil)
    }

    @Test func `too many volumes for a query leave the run itself`() throws {
        let run = try #require(run)
        let volumes = (0...RunProtection.volumeLimit).map {
            ProtectedVolume(configuration: "vertica", label: "l\($0)", run: run)
        }
        let protection = RunProtection(runs: [ProtectedRun(run: run, reason: .set, volumes: volumes)])
        #expect(protection.queryItems.count == 1)
        let found = RunProtection(queryItems: protection.queryItems.map { (name: $0.0, value: $0.1) })
        #expect(found?.runs.first?.holds("any", bearing: run, of: "vertica") == true)
    }

    @Test func `a volume counts only with the run that it must bear`() throws {
        let (run, older) = (try #require(run), try #require(older))
        let protected = ProtectedRun(
            run: run, reason: .set,
            volumes: [ProtectedVolume(configuration: "vertica", label: "l", run: older)])
        #expect(protected.holds("l", bearing: older, of: "vertica"))
        #expect(!protected.holds("l", bearing: run, of: "vertica"))
        #expect(!protected.holds("l", bearing: older, of: "other"))
    }

    @Test func `a reason of a newer coordinator protects all the same`() throws {
        let text = #"{"runs":[{"run":"20261123030600","reason":"because"}]}"#
        let protection = try JSONDecoder().decode(RunProtection.self, from: Data(text.utf8))
        #expect(protection.runs.first?.reason == .set)
        #expect(protection.namesEveryPin == nil && protection.runs.first?.volumes == nil)
    }
}
