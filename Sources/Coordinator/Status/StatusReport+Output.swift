// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Saturation

extension StatusReport: CommandReport {
    public var lines: [String] {
        let problems = findings.filter { $0.weight == .problem }
        let remarks = findings.filter { $0.weight == .remark }
        return table + section("problems", problems.map(Self.alone))
            + section("remarks", RemarkGroups(remarks, nodes: nodes.map(\.node)).groups) + [""]
            + (authority.map { [Self.text($0)] } ?? []) + (recovery.flatMap(Self.text).map { [$0] } ?? [])
            + (protection?.kept.map { [$0] } ?? []) + [verdict]
    }

    private static func text(_ authority: AuthoritySummary) -> String {
        "authority: since \(LocalTime(authority.since).text), until \(LocalTime(authority.expiresAt).text)"
            + (authority.isTakingOver ? ", taking over from an older one" : "")
    }

    /// Of a key that there is; that there is none is a finding.
    private static func text(_ recovery: RecoverySummary) -> String? {
        guard !recovery.certificates.isEmpty else { return nil }
        let state =
            switch recovery.isCurrent {
            case true?: "as they are"
            case false?: "not as they are now"
            case nil: "unknown"
            }
        let when = recovery.sealedAt.map { "on \(LocalTime($0).text), \(state)" } ?? "not by this one"
        return
            "recovery key: \(Quantity.count(recovery.certificates.count, "certificate")); the coordinator's files sealed \(when)"
    }

    private var table: [String] {
        var table = TextTable([
            ("NODE", .left), ("AGENT", .left), ("VERSION", .left), ("CERTIFICATE", .left), ("CLOCK", .right),
            ("CLOCK-S3", .right), ("CONFIGURATIONS", .left), ("SELF-BACKUP", .left), ("LAST RUN", .left),
        ])
        for node in nodes { table.add(row(node)) }
        return table.lines
    }

    private func row(_ node: Node) -> [String] {
        let status = node.status
        return [
            node.node, agent(node), status?.version ?? "-",
            status.map {
                "\(max(0, Int(saturating: ($0.certificateExpiresAt.timeIntervalSince(checkedAt) / 86_400).rounded(.down)))) d left"
            } ?? "-",
            node.clockOffsetSeconds.map(signed) ?? "-", status?.storageClockOffsetSeconds.map(signed) ?? "-",
            status.map(configurations) ?? "-", selfBackup(node),
            node.lastRun.map { "\($0) \(node.lastRunState?.rawValue ?? "")" } ?? "-",
        ]
    }

    private func agent(_ node: Node) -> String {
        if node.status != nil { return "ok" }
        return node.wasNotAsked == true ? "not asked" : "no answer"
    }

    private func configurations(_ status: NodeStatus) -> String {
        status.configurations.map { configuration in
            let isSound = configuration.error == nil && configuration.outsideSelfBackup.isEmpty
            return "\(configuration.name) \(isSound ? "ok" : "BAD")"
        }.joined(separator: ", ")
    }

    private func selfBackup(_ node: Node) -> String {
        guard let age = node.selfBackupAgeSeconds else {
            return node.selfBackupUnknown == nil ? "-" : "unknown"
        }
        return Quantity.duration(seconds: max(0, age)) + " old"
            + (node.selfBackupIsNewest == false ? ", outdated" : "")
    }

    /// Both clocks tell whole seconds: less than that says nothing.
    private func signed(_ seconds: Double) -> String {
        guard let whole = Int(exactly: seconds.rounded(.towardZero)) else { return "-" }
        return whole == 0 ? "0 s" : whole > 0 ? "+\(whole) s" : "\(whole) s"
    }

    /// A problem is said by itself, whomever else it befell.
    private static func alone(_ finding: Finding) -> RemarkGroups.Group {
        let pieces = [finding.node, finding.configuration, RunText.oneLine(finding.what)]
        return .init(text: pieces.compactMap { $0 }.joined(separator: ": "), fix: finding.fix)
    }

    private func section(_ title: String, _ groups: [RemarkGroups.Group]) -> [String] {
        guard !groups.isEmpty else { return [] }
        return ["", "\(title):"]
            + groups.flatMap { group in
                ["  \(group.text)"] + [group.fix].compactMap { $0 }.map { "    hint: \($0)" }
            }
    }

    private var verdict: String {
        guard let newestSet else { return "no run that has ended is known" }
        let count = "restorable on \(newestSet.restorableNodes)/\(newestSet.totalNodes) nodes"
        let gone = newestSet.missingNodes.filter { !newestSet.unknownNodes.contains($0) }
        let missing =
            (gone.isEmpty ? "" : ", not on \(gone.joined(separator: ", "))")
            + (newestSet.unknownNodes.isEmpty
                ? "" : ", unknown on \(newestSet.unknownNodes.joined(separator: ", "))")
        let suspects = newestSet.suspectNodes.map { ", suspect on \($0.joined(separator: ", "))" } ?? ""
        return
            "\(count) as of \(LocalTime(newestSet.run).text) (run \(newestSet.run))\(missing)\(suspects)"
    }
}
