// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat

/// Finds the run that a command is about.
struct RunChoice: Sendable {
    let bucket: ClusterBucket

    /// For a run that an operator names and waits for: an absent store is told soon.
    init(_ cluster: Cluster) {
        bucket = cluster.impatientBucket
    }

    /// In the middle of a run, with all of its patience.
    init(_ bucket: ClusterBucket) {
        self.bucket = bucket
    }

    /// The manifest of a run that the operator named.
    ///
    /// - Throws: `CoordinatorError.runOverwritten` with what is kept of it, `.unknownRun` where nothing is, `.historyUnread` where that
    ///   cannot be told.
    func manifest(_ run: RunName) async throws -> ClusterBucket.Stored<RunManifest> {
        if let stored = try await bucket.manifest(run) { return stored }
        let year = try await HistoryReader(bucket: bucket).year(of: run)
        if let line = year?.line(of: run) { throw CoordinatorError.runOverwritten(line) }
        if let unread = year?.unread.reasons.first {
            throw CoordinatorError.historyUnread(run, reason: unread.facts)
        }
        throw CoordinatorError.unknownRun(
            run, newest: try await bucket.existing(1, of: bucket.runs().reversed()).first)
    }
}

extension RunName {
    /// A name as the operator typed it.
    public init(argument text: String) throws(CoordinatorError) {
        guard let name = RunName(text) else { throw .unusableRun(text) }
        self = name
    }
}
