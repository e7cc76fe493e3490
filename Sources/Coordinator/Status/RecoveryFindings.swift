// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// Whether the worst day could be survived, as far as the coordinator has to do with it: pure.
enum RecoveryFindings {
    /// - Parameter bucketAnswered: false: that the store answers nothing is told by itself, and not here.
    static func of(_ facts: RecoveryFacts, bucketAnswered: Bool = true, now: Date) -> [Finding] {
        let kits = facts.kits.map { path in
            Finding(
                .remark,
                "'\(path)' is a recovery kit: whoever gets in here can open everything that is sealed",
                fix: "print it, or move it away from this machine.")
        }
        guard let setting = facts.setting, !setting.isEmpty else {
            return kits + [missing(isMeant: facts.setting != nil)]
        }
        return kits
            + facts.faults.map { fault in
                Finding(
                    .problem,
                    "a file of the recovery key or of the coordinator cannot be used: \(fault.message)",
                    fix: fault.hint ?? "mend it, or correct 'recovery' in cluster.json.")
            } + facts.certificates.compactMap { RecoveryTerm.finding($0, now: now) } + published(facts)
            + (facts.certificates.isEmpty ? [] : sealing(facts))
            + unknown(facts, bucketAnswered)
    }

    private static func unknown(_ facts: RecoveryFacts, _ bucketAnswered: Bool) -> [Finding] {
        [
            ("whether the coordinator's files are sealed in the bucket is unknown", facts.unknown),
            ("whether the cluster's certificates are in the bucket is unknown", facts.unknownPublished),
        ].compactMap { what, reason in
            guard let reason, bucketAnswered || reason.reach != .wholeStore else { return nil }
            return Finding(.problem, "\(what): \(reason.message)", fix: reason.hint)
        }
    }

    /// Where the operator has said so it is told and no more: what is a problem each day is looked at no longer.
    private static func missing(isMeant: Bool) -> Finding {
        Finding(
            isMeant ? .remark : .problem,
            "there is no recovery key\(isMeant ? ", as cluster.json says" : ""): keys, credentials and the authority lie in no backup; if coordinator "
                + "or nodes are lost, they come back only from copies that somebody has, and without its keys encrypted data does not",
            fix: "'amfleet recovery add' makes one.")
    }

    private static func sealing(_ facts: RecoveryFacts) -> [Finding] {
        let seal = "'amfleet backup' seals them anew."
        switch facts.sealed {
        case .unknown: return []
        case .nothing:
            return [
                Finding(
                    .problem,
                    "the coordinator's files are not sealed in the bucket: if it is lost, it does not come back",
                    fix: "'amfleet backup' seals them; it says why where it cannot.")
            ]
        case .others where facts.sealedAt != nil:
            return [
                Finding(
                    .problem,
                    "another coordinator has sealed its files since this one did: two of one cluster undo each other's changes",
                    fix: RecoveryError.sealedByAnother.hint)
            ]
        case .others:
            return [
                Finding(
                    .remark, "whether the coordinator's files are sealed as they are now is not known here",
                    fix: seal)
            ]
        case .ours:
            if facts.isForOthers {
                return [
                    Finding(
                        .problem,
                        "the coordinator's files are sealed to other recovery keys than cluster.json names",
                        fix: seal)
                ]
            }
            guard !facts.changed.isEmpty else { return [] }
            let isGrave = facts.changed.contains { $0.kind != .settings }
            let names = facts.changed.map(\.path).joined(separator: ", ")
            return [
                Finding(
                    isGrave ? .problem : .remark,
                    "changed since the coordinator's files were sealed: \(names)",
                    fix: seal)
            ]
        }
    }

    private static func published(_ facts: RecoveryFacts) -> [Finding] {
        guard !facts.unpublished.isEmpty else { return [] }
        return [
            Finding(
                .problem,
                "certificates of the cluster are not in the bucket, or are not as they were put there: without them a node that comes back "
                    + "without a coordinator does not believe its own sealed keys: \(facts.unpublished.joined(separator: ", "))",
                fix: "'amfleet backup' puts them there.")
        ]
    }
}
