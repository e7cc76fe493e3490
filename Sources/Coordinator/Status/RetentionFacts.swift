// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What is not overwritten, and what that leaves of each node's retention.
struct RetentionFacts: Sendable {
    let protection: NodeOutcome<ClusterProtection>
    let volumes: [NodeOutcome<NodeVolumes>]

    /// - Throws: `CancellationError` only.
    init(_ cluster: Cluster, _ selection: Selection, _ labels: VolumeJudge) async throws {
        do {
            protection = try await cluster.knownProtection(labels)
        } catch let error as CoordinatorError {
            protection = NodeOutcome(node: "", result: .failure(WireErrors([WireError(of: error)])))
        }
        // Where the store does not answer, the nodes would wait for it too.
        volumes = protection.report == nil ? [] : try await cluster.volumes(selection, protection.report)
    }

    /// - Parameters:
    ///   - statuses: what the nodes said of themselves, in the order of the volumes: nobody is told a fault twice.
    ///   - bucketAnswered: false: that it does not is told.
    func findings(_ statuses: [NodeStatus?], bucketAnswered: Bool) -> [Finding] {
        var findings: [Finding] = []
        if bucketAnswered, let error = protection.error {
            findings.append(
                Finding(
                    .problem, "which runs are not overwritten is unknown: \(error.message)", fix: error.hint))
        }
        let known = protection.report
        findings += (known?.unknowns ?? []).map {
            Finding(
                .problem, $0,
                fix: "ask again when it can be looked at; until then nothing of it is overwritten.")
        }
        findings += (known?.remarks ?? []).filter { known?.unknowns.contains($0) == false }.map {
            Finding(.remark, $0)
        }
        for (outcome, status) in zip(volumes, statuses) {
            // While a job runs, a volume of the node is on its way from one run to the next.
            guard let status, status.runningJob == nil else { continue }
            findings += Self.findings(outcome, status)
        }
        return findings
    }

    private static func findings(_ outcome: NodeOutcome<NodeVolumes>, _ status: NodeStatus) -> [Finding] {
        let silence = outcome.error.map { error in
            Finding(
                .problem, node: outcome.node, "what its volumes hold is unknown: \(error.message)",
                fix: error.hint)
        }
        return [silence].compactMap(\.self)
            + (outcome.report?.configurations ?? []).flatMap { configuration in
                let told = status.configurations.first { $0.name == configuration.name }
                return findings(of: configuration, on: outcome.node, told: status, told?.faults ?? [])
            }
    }

    private static func findings(
        of volumes: ConfigurationVolumes, on node: String, told status: NodeStatus, _ told: [WireError]
    ) -> [Finding] {
        func finding(_ weight: Finding.Weight, _ what: String, fix: String? = nil) -> Finding {
            Finding(weight, node: node, configuration: volumes.name, what, fix: fix)
        }
        // Where the configuration or the store is at fault, that is what is wrong.
        let isTold = !told.isEmpty || status.storageError != nil
        let unknown =
            isTold
            ? []
            : volumes.faults.map {
                finding(.problem, "what its volumes hold is unknown: \($0.message)", fix: $0.hint)
            }
        let unread = volumes.slots.filter { $0.state == .unreadable }.map { slot in
            finding(
                .problem,
                "what slot \(slot.slot) holds is unknown: \(slot.unreadableReason ?? "its label was not read")"
            )
        }
        return unknown + unread
            + [volumes.shortfall].compactMap(\.self).map { finding(.remark, $0.text) }
            + [volumes.refusal].compactMap(\.self).map { finding(.problem, $0.message, fix: $0.hint) }
    }
}
