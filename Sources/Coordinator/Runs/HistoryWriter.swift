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
    var reader: HistoryReader
    /// Whether the cluster is still ours.
    let isHeld: @Sendable () -> Bool

    init(bucket: ClusterBucket, isHeld: @escaping @Sendable () -> Bool) {
        self.bucket = bucket
        self.isHeld = isHeld
        reader = HistoryReader(bucket: bucket)
    }

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

    /// A line that is there already stays where it is; new ones go into the last part that has room.
    private func add(_ lines: [HistoryLine], to year: String) async throws {
        var left = lines
        var last: HistoryReader.Part?
        try await reader.forEachPart(of: year) { part in
            // One that is there is the first that was written, as long as nobody has changed the run since.
            let known = left.filter { part.history.line(of: $0.run) != nil }
            left.removeAll { line in known.contains { $0.run == line.run } }
            let changed = known.filter { part.history.line(of: $0.run)?.revision != $0.revision }
            last = try await write(changed, into: part)
        }
        guard !left.isEmpty else { return }
        if let last, !last.isFull {
            _ = try await write(left, into: last)
        } else {
            let number = (last?.number ?? 0) + 1
            _ = try await write(
                left,
                into: HistoryReader.Part(
                    number: number, key: bucket.layout.history(ofYear: year, part: number),
                    history: RunHistory(), object: nil, isFull: false))
        }
    }

    /// - Returns: the part as it is then.
    private func write(
        _ lines: [HistoryLine], into part: HistoryReader.Part
    ) async throws -> HistoryReader.Part {
        guard !lines.isEmpty else { return part }
        var history = part.history
        for line in lines { history.add(line) }
        try requireHeld()
        guard let object = try await bucket.put(try history.bytes(), part.key, over: part.object) else {
            throw CoordinatorError.historyChanged
        }
        return HistoryReader.Part(
            number: part.number, key: part.key, history: history, object: object, isFull: part.isFull)
    }

    /// Everything under the run's name; the manifest last, for without it nobody would look at the rest.
    func remove(_ run: RunName) async throws {
        let manifest = bucket.layout.manifest(run)
        var hasManifest = false
        try await bucket.client.forEachPage(prefix: bucket.layout.records(of: run)) { objects in
            let keys = objects.map(\.key)
            hasManifest = hasManifest || keys.contains(manifest)
            try requireHeld()
            try await bucket.client.delete(keys.filter { $0 != manifest })
        }
        if hasManifest {
            try requireHeld()
            try await bucket.client.delete([manifest])
        }
    }

    private func requireHeld() throws {
        guard isHeld() else { throw CoordinatorError.leaseLost(to: "somebody else") }
    }
}
