// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// How a backup, retry or watch ended: the manifest as it now stands in the bucket, and what that means.
public struct RunReport: Sendable {
    public var manifest: RunManifest
    /// The nodes that this command was about.
    public var asked: [String]
    public var ending: CommandEnding

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
}
