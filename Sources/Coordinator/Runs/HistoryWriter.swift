// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3

/// Makes runs of which nothing is left a line of the history each, and only then takes away what there is of them. Call it with the
/// lease held.
///
/// However often it is cut off: a run is in the history before anything of it is deleted, its manifest goes last, and the next one
/// goes on from there.
struct HistoryWriter: Sendable {
    let bucket: ClusterBucket
    /// Whether the cluster is still ours.
    let isHeld: @Sendable () -> Bool

    /// Cost: two requests a year that is not yet as it should be, then a listing and two deletions a run.
    ///
    /// - Returns: the runs that are gone now.
    /// - Throws: `S3Error`, `CoordinatorError.historyChanged`, `.leaseLost`; runs before that are gone.
    func condense(_ lines: [HistoryLine]) async throws -> [RunName] {
        let years = Dictionary(grouping: lines) { String($0.run.digits.prefix(4)) }
        for (year, lines) in years.sorted(by: { $0.key < $1.key }) { try await add(lines, to: year) }
        var gone: [RunName] = []
        for line in lines {
            try await remove(line.run)
            gone.append(line.run)
        }
        return gone
    }

    private func add(_ lines: [HistoryLine], to year: String) async throws {
        let stored = try await HistoryReader(bucket: bucket).year(year)
        var history = stored?.value ?? RunHistory()
        // A line that is there is the first that was written, as long as nobody has changed the run since.
        for line in lines where history.line(of: line.run)?.revision != line.revision { history.add(line) }
        guard history != stored?.value else { return }
        try requireHeld()
        let key = bucket.layout.history(ofYear: year)
        do {
            if let stored {
                _ = try await bucket.client.replace(key, stored.object, with: try history.bytes())
            } else {
                _ = try await bucket.client.put(key, try history.bytes(), condition: .ifAbsent)
            }
        } catch S3Error.preconditionFailed {
            throw CoordinatorError.historyChanged
        }
    }

    /// Everything under the run's name; the manifest last, for without it nobody would look at the rest.
    func remove(_ run: RunName) async throws {
        let keys = try await bucket.client.list(prefix: bucket.layout.records(of: run)).objects.map(\.key)
        let manifest = bucket.layout.manifest(run)
        try requireHeld()
        try await bucket.client.delete(keys.filter { $0 != manifest })
        if keys.contains(manifest) { try await bucket.client.delete([manifest]) }
    }

    private func requireHeld() throws {
        guard isHeld() else { throw CoordinatorError.leaseLost(to: "somebody else") }
    }
}
