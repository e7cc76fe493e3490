// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// How a backup, retry or watch ended: the manifest as it now stands in the bucket, and what that means.
public struct RunReport: Sendable {
    public var manifest: RunManifest
    /// The nodes that this command was about.
    public var asked: [String]
    public var ending: CommandEnding
    /// What the run is now, where it had ended before this command; nil: this command ended it.
    public var state: RunState?
    /// What is gone of it since, or could not be looked at.
    public var remarks: [String] = []

    public init(manifest: RunManifest, asked: [String], ending: CommandEnding) {
        self.manifest = manifest
        self.asked = asked
        self.ending = ending
    }

    init(_ manifest: RunManifest, asked: [String], isCancelled: Bool = false) {
        let verdicts = manifest.nodes.filter { asked.contains($0.node) }
        self.init(
            manifest: manifest, asked: asked, ending: SetJudgement.ending(verdicts, isCancelled: isCancelled))
    }

    /// A run that had ended before: its volumes are looked at, for the manifest tells only how it ended.
    init(
        ended manifest: RunManifest, asked: [String]? = nil, isCancelled: Bool = false, _ cluster: Cluster
    ) async throws {
        self.init(manifest, asked: asked ?? manifest.nodes.map(\.node), isCancelled: isCancelled)
        let outlook = try await RunOutlook(
            manifest, bucket: cluster.impatientBucket, volumes: cluster.volumeJudge())
        state = RunState(manifest, outlook, holder: nil)
        remarks = outlook.remarks
        if !outlook.unknowns.isEmpty, ending == .complete { ending = .problem }
    }
}
