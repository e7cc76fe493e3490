// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Logging
import S3

/// Takes away sealed versions that nobody needs any more, once a backup is done: each key in them is in a newer one too, as the node
/// says that sealed both, and no run is left that names them. What differs in its keys stays for ever: a dump that no record knows of may
/// have been made with it, and it is small.
///
/// One listing, a record a node that has more than one version, and one deletion; nothing of it can fail a backup.
struct SealedUpkeep: Sendable {
    /// Versions that go after one backup, at most.
    static let limit = 100
    private static let timeLimit: Duration = .seconds(120)
    private static let width = 8

    let bucket: ClusterBucket
    /// Whether the cluster is still ours.
    let isHeld: @Sendable () -> Bool

    /// - Parameter run: that has just ended.
    /// - Returns: how many are gone; nil: not all were looked at in time.
    /// - Throws: `S3Error`, `CancellationError`
    func tidy(after run: RunName) async throws -> Int? {
        try await withTimeLimit(Self.timeLimit) {
            let found = try await SealedObjects(in: bucket)
            // Of a node that has more than that nobody knows what comes next.
            let versions = Dictionary(grouping: found.objects, by: \.node)
                .filter { $0.value.count > 1 && !found.cut.contains($0.key) }
            guard !versions.isEmpty else { return 0 }
            let runs = try await bucket.runs()
            let nodes = versions.keys.sorted()
            let outcomes = try await onEveryNode(nodes, width: Self.width) { node in
                try await bucket.nodeRecord(run, node: node)?.secrets
            }
            let gone = zip(nodes, outcomes).flatMap { node, outcome -> [SealedObject] in
                guard let record = outcome.report.flatMap(\.self) else { return [] }
                return Self.unneeded(versions[node] ?? [], record, runs)
            }.prefix(Self.limit)
            guard !gone.isEmpty, isHeld() else { return 0 }
            try await bucket.client.delete(gone.map(\.key))
            return gone.count
        }
    }

    /// - Parameters:
    ///   - versions: of one node.
    ///   - record: the newest of that node.
    ///   - runs: that have left anything.
    static func unneeded(
        _ versions: [SealedObject], _ record: SealedRecord, _ runs: [RunName]
    ) -> [SealedObject] {
        guard let current = record.version, versions.contains(where: { $0.version == current }) else {
            return []
        }
        let superseded = Set(record.supersedes ?? [])
        let sorted = versions.sorted { $0.version < $1.version }
        return zip(sorted, sorted.dropFirst()).compactMap { object, next in
            guard superseded.contains(object.version), object.version < current else { return nil }
            // A run of then names it, or would be restored by it.
            let isNamed = runs.contains { object.version.run <= $0 && $0 <= next.version.run }
            return isNamed ? nil : object
        }
    }
}
