// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import S3

/// What the newest run that has ended is worth to each node of `cluster.json`: pure.
enum NewestSetJudgement {
    private static let anew = "'amfleet backup' makes a new one."
    /// Whoever may delete in the bucket tells days ahead; less than that is no time to notice it.
    private static let nearSeconds: Double = 3 * 86_400
    private static let toldSeconds: Double = 14 * 86_400

    /// - Parameters:
    ///   - nodes: of `cluster.json`; each must have its data in the set.
    ///   - configurations: of `cluster.json`; the set must be of each, unless it was whole on the day it was made.
    static func set(
        _ manifest: RunManifest, _ outlook: RunOutlook, nodes: [String], configurations: [ConfigurationChoice]
    ) -> StatusReport.NewestSet {
        var (reasons, fixes): ([String], [String]) = ([], [])
        var (missing, suspects, unknown): ([String], [String], [String]) = ([], [], [])
        func add(_ node: String, _ reason: String, _ fix: String) {
            missing.append(node)
            reasons.append("\(node): \(reason)")
            fixes.append(fix)
        }
        let leftOut = leftOut(of: manifest, configurations)
        for node in nodes {
            let verdict = manifest.nodes.first { $0.node == node }
            switch outlook.byNode[node] {
            case .restorable where !leftOut.isEmpty:
                let names = leftOut.map { "'\($0)'" }.joined(separator: ", ")
                add(node, "it was made without \(names): what else there is of that, older runs have", anew)
            case .restorable: if verdict?.state == .suspect { suspects.append(node) }
            case .overwritten(let reason): add(node, "overwritten: \(reason)", anew)
            case .damaged(let reason): add(node, "damaged: \(reason)", anew)
            case .refused(let reason): add(node, "a restore would refuse it: \(reason)", anew)
            case .unknown(let reason):
                unknown.append(node)
                add(node, "unknown: \(reason)", "ask again when it can be looked at; \(anew)")
            case nil:
                add(
                    node, verdict?.error?.message ?? verdict?.state.rawValue ?? "not in this run",
                    verdict?.state == .held
                        ? "'amfleet flush' completes it."
                        : "'amfleet retry \(manifest.run)' completes it, or \(anew)")
            }
        }
        return StatusReport.NewestSet(
            run: manifest.run, verdict: manifest.verdict,
            restorableNodes: nodes.count - reasons.count - suspects.count, totalNodes: nodes.count,
            missingNodes: missing, unknownNodes: unknown, suspectNodes: suspects.isEmpty ? nil : suspects,
            reasons: reasons, fixes: fixes)
    }

    /// A run that was asked for fewer configurations than there are says nothing of the others. One that had all of its day may lack
    /// one that was added since: of that it is told by itself, for as long as nothing has dumped it.
    private static func leftOut(
        of manifest: RunManifest, _ configurations: [ConfigurationChoice]
    ) -> [String] {
        switch manifest.verdict {
        case .complete, .held, .suspect: []
        case .partial, .failed, .cancelled, .running:
            configurations.filter { !manifest.configurations.contains($0) }.map(\.name)
        }
    }

    /// Keys of a node that is silent: as long as it lives, it tells of them itself.
    static func unsealed(_ run: RunName?, _ keys: [WireError]) -> [Finding] {
        guard let run else { return [] }
        return keys.map { key in
            Finding(
                .problem, node: key.node,
                "run \(run): if this node is lost, what needs the key cannot be read: \(key.message)",
                fix: key.hint)
        }
    }

    /// What a restore of it waits for, and what the bucket's own lifecycle is about to take away.
    static func findings(_ run: RunName, _ outlook: RunOutlook, now: Date) -> [Finding] {
        outlook.proven.sorted { $0.key < $1.key }.flatMap { node, proven in
            let wait = proven.wait.map { Finding(.remark, node: node, "run \(run): \($0)") }
            return [wait, expiry(proven, run, node, now: now)].compactMap(\.self)
        }
    }

    private static func expiry(
        _ proven: ProvenRestorability, _ run: RunName, _ node: String, now: Date
    ) -> Finding? {
        guard let expiring = proven.expiring else { return nil }
        let date = Date(timeIntervalSince1970: Double(expiring.expiry.time))
        let left = date.timeIntervalSince(now)
        guard left < toldSeconds else { return nil }
        let more = proven.moreExpiring > 0 ? " and \(proven.moreExpiring) more" : ""
        let rule = expiring.expiry.rule.isEmpty ? "" : " by its rule '\(expiring.expiry.rule)'"
        return Finding(
            left < nearSeconds ? .problem : .remark, node: node,
            "run \(run): the bucket's lifecycle deletes '\(expiring.key)'\(more)\(rule), from \(LocalTime(date).text) on",
            fix: "let no rule of the bucket expire what lies under the cluster's prefix."
        )
    }
}
