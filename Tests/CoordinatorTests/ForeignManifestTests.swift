// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Another run's manifest in the place of a run's, as whoever copies objects by hand may leave it.
@Suite(.serialized, .enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct ForeignManifestTests {
    /// It counted twice, under both names, and what was done by it was done to the other run.
    @Test func `it is told as what it is, and counts for neither run`() async throws {
        let many = try await ManyRuns(runs: 2, nodes: 1)
        let (older, newest) = (many.runs[0], many.runs[1])
        let keys = many.direct.layout
        let bytes = try await many.direct.client.get(keys.manifest(older), limit: 1 << 20).bytes
        _ = try await many.direct.client.put(keys.manifest(newest), bytes)

        let error = await #expect(throws: ForeignManifest.self) { try await many.direct.manifest(newest) }
        let said = "'\(keys.manifest(newest))' is the manifest of run \(older)"
        #expect(error?.facts == said)
        #expect(try await many.direct.newestManifests(9).map(\.value.run) == [older])

        let listing = try await RunListing(many.cluster, ListOptions(isAll: true))
        #expect(listing.rows.map(\.run) == [newest, older] && listing.rows[0].state == .unknown)
        #expect(listing.rows[0].unknown?.first?.contains(said) == true, "\(listing.rows[0])")
        #expect(listing.ending == .problem)
        let status = try await StatusCommand(many.cluster).run()
        #expect(status.newestSet?.run == older)
        #expect(
            status.findings.contains { $0.weight == .problem && $0.what.contains(said) },
            "\(status.findings.map(\.what))")
        await #expect(throws: ForeignManifest.self) { try await ShowCommand(many.cluster).run(newest) }
        // What may be the newest set is kept until somebody has looked.
        let protection = try await many.cluster.protection(many.direct)
        #expect(protection.sets == [newest] && !protection.hasWholeSet)
        await many.end()
    }
}
