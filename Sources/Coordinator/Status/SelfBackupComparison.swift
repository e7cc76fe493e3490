// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

/// What a node's newest self-backup holds, compared with the files that lie on the node now.
enum SelfBackupComparison {
    /// Files of each kind that are told one by one.
    private static let toldLimit = 10

    /// Nothing of what an older agent made, or says; nothing while a job runs, which changes all of it.
    static func findings(_ row: StatusReport.Node, _ facts: BucketFacts.Node?) -> [Finding] {
        guard let facts, let run = facts.selfBackup, let held = facts.selfBackupHeld, let status = row.status,
            status.runningJob == nil
        else { return [] }
        let known = Dictionary(held.files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let accepted = facts.acceptedGaps
        var (unlooked, missing, changed): ([Finding], [Finding], [Finding]) = ([], [], [])
        for configuration in status.configurations {
            guard facts.selfBackupConfigurations.contains(configuration.name) else {
                if configuration.selfBackupFiles?.isEmpty == false {
                    unlooked.append(
                        Finding(
                            .remark, node: row.node, configuration: configuration.name,
                            "whether its newest self-backup, of run \(run), holds it is not known: that run was without it",
                            fix: "'amfleet backup' makes a new one."))
                }
                continue
            }
            for file in configuration.selfBackupFiles ?? [] where !accepted.contains(file.path) {
                guard let archived = known[file.path] else {
                    missing.append(
                        Finding(
                            .problem, node: row.node, configuration: configuration.name,
                            "'\(file.path)' is not in its self-backup of run \(run)",
                            fix: "'amfleet backup' makes a new one, and names what keeps it out."))
                    continue
                }
                guard !archived.isSame(as: file) else { continue }
                changed.append(
                    Finding(
                        .remark, node: row.node, configuration: configuration.name,
                        "'\(file.path)' has changed since its self-backup of run \(run)",
                        fix: "'amfleet backup' makes a new one."))
            }
        }
        return unlooked + told(missing, row.node, .problem, "are not in its self-backup of run \(run)")
            + told(changed, row.node, .remark, "have changed since its self-backup of run \(run)")
    }

    private static func told(
        _ findings: [Finding], _ node: String, _ weight: Finding.Weight, _ what: String
    ) -> [Finding] {
        guard findings.count > toldLimit else { return findings }
        return findings.prefix(toldLimit) + [
            Finding(
                weight, node: node, "\(findings.count - toldLimit) more files \(what)",
                fix: "'amfleet backup' makes a new one.")
        ]
    }
}

extension SelfBackupFile {
    /// By what is known of both.
    fileprivate func isSame(as other: SelfBackupFile) -> Bool {
        guard byteCount == other.byteCount else { return false }
        guard let sha256, let theirs = other.sha256 else { return true }
        return sha256 == theirs
    }
}
