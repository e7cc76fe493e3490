// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Logging
import S3

/// Judges a run by the evidence in the bucket and writes its final manifest.
struct RunConclusion: Sendable {
    let cluster: Cluster

    /// - Parameters:
    ///   - endings: of the nodes that had a job; the others keep their verdicts.
    ///   - asked: the nodes that this command was about; nil: those of the endings.
    ///   - fence: of our lease; nil leaves the manifest's.
    func conclude(
        _ stored: ClusterBucket.Stored<RunManifest>, endings: [NodeEnding],
        asked: [String]? = nil, isCancelled: Bool = false, fence: Int? = nil
    ) async throws -> RunReport {
        let verdicts = try await judge(stored.value, endings)
        let asked = asked ?? endings.map(\.node)
        var manifest = stored.value
        manifest.nodes = manifest.nodes.map { verdicts[$0.node] ?? $0 }
        manifest.verdict = SetJudgement.verdict(
            manifest.nodes, asked: manifest.configurations, cluster: cluster.settings,
            isCancelled: isCancelled)
        // What is judged anew after its end took no longer for that.
        manifest.finishedAt = stored.value.verdict == .running ? Date() : manifest.finishedAt ?? Date()
        manifest.revision += 1
        manifest.fence = fence ?? manifest.fence
        manifest = manifest.bounded
        cluster.logger.info(
            "verdict of the set: \(manifest.verdict.rawValue)",
            metadata: ["run": "\(manifest.run)", "revision": "\(manifest.revision)"])
        let written: RunManifest
        do {
            written = try await replace(stored, with: manifest)
        } catch let error as S3Error {
            let report = RunReport(manifest, asked: asked, isCancelled: isCancelled)
            for line in report.lines { cluster.console.say(line) }
            throw UnwrittenManifest(run: manifest.run, command: manifest.watchCommand, cause: error)
        }
        return RunReport(written, asked: asked, isCancelled: isCancelled)
    }

    private func judge(_ manifest: RunManifest, _ endings: [NodeEnding]) async throws -> [String: NodeVerdict]
    {
        let outcomes = try await onEveryNode(endings.map(\.node)) { node in
            try await cluster.bucket.nodeRecord(manifest.run, node: node)
        }
        return Dictionary(
            zip(endings, outcomes).map { ending, outcome in
                let evidence: NodeJudgement.Evidence =
                    switch outcome.result {
                    case .success(let record?): .record(record)
                    case .success(nil): .none
                    case .failure(let error): .unknown(WireError(of: error))
                    }
                let verdict = NodeJudgement.verdict(
                    node: ending.node, jobID: JobID.backup(manifest.run, node: ending.node),
                    run: manifest.run,
                    asked: manifest.configurations, evidence: evidence, ending: ending)
                tell(verdict, by: evidence, ending, of: manifest.run)
                return (ending.node, verdict)
            }, uniquingKeysWith: { first, _ in first })
    }

    private func tell(
        _ verdict: NodeVerdict, by evidence: NodeJudgement.Evidence, _ ending: NodeEnding, of run: RunName
    ) {
        cluster.logger.info(
            "verdict of the node: \(verdict.state.rawValue)",
            metadata: [
                "node": "\(verdict.node)", "run": "\(run)", "stage": "judgement",
                "evidence": "\(evidence.name)",
                "agent": "\(ending.snapshot?.state.rawValue ?? "silent")",
                "reason": "\(verdict.error?.message ?? "every disk is proved")",
            ])
    }

    /// Replaces the very version that was read. Somebody who finished the same run meanwhile is believed. Answers that are odd
    /// for a while do not cost the verdict.
    private func replace(
        _ stored: ClusterBucket.Stored<RunManifest>, with manifest: RunManifest
    ) async throws -> RunManifest {
        try await LastWrite(within: cluster.settings.limits.storageOutage).attempt {
            try await replaceOnce(stored, with: manifest)
        }
    }

    private func replaceOnce(
        _ stored: ClusterBucket.Stored<RunManifest>, with manifest: RunManifest
    ) async throws -> RunManifest {
        let key = cluster.bucket.layout.manifest(manifest.run)
        if let written = try await cluster.bucket.change(stored, to: manifest, key) {
            return written.value
        }
        guard let found = try await cluster.bucket.manifest(manifest.run)?.value, found.verdict != .running
        else {
            throw CoordinatorError.manifestChanged(manifest.run)
        }
        return found
    }
}

/// A verdict that the store did not take; the nodes' records are there or not, whatever became of it.
struct UnwrittenManifest: Fault {
    let run: RunName
    /// What writes it.
    let command: String
    let cause: S3Error

    var kind: FaultKind { cause.kind }
    var reach: FaultReach { cause.reach }
    var facts: String { "the manifest of run \(run) still says running: \(cause.facts)" }
    var hint: String? { "'\(command)' writes it once the store takes it." }
}

extension NodeJudgement.Evidence {
    fileprivate var name: String {
        switch self {
        case .record: "the node's record"
        case .none: "no record"
        case .unknown: "the store does not say"
        }
    }
}
