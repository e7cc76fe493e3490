// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// Finds the run that a command is about.
struct RunChoice: Sendable {
    let cluster: Cluster

    /// The manifest of a run that the operator named.
    func manifest(_ run: RunName) async throws -> ClusterBucket.Stored<RunManifest> {
        if let stored = try await cluster.bucket.manifest(run) { return stored }
        throw CoordinatorError.unknownRun(run, newest: try await cluster.bucket.runs().last)
    }
}

extension RunName {
    /// A name as the operator typed it.
    public init(argument text: String) throws(CoordinatorError) {
        guard let name = RunName(text) else { throw .unusableRun(text) }
        self = name
    }
}
