// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HiddenCharacters

/// What became of one node's part of a run, from the evidence in the bucket first and the agent's word second.
enum NodeJudgement {
    /// What the bucket says.
    enum Evidence: Equatable {
        case record(NodeRecord)
        /// A definite 404.
        case none
        /// The store did not say: that proves nothing.
        case unknown(WireError)
    }

    /// - Parameters:
    ///   - asked: configurations that the run is of; each must be in the record with every disk proved.
    ///   - ending: what the agent said last; nil where nobody asked it.
    static func verdict(
        node: String, jobID: String, run: RunName, asked: [ConfigurationChoice], evidence: Evidence,
        ending: NodeEnding?
    ) -> NodeVerdict {
        var verdict = NodeVerdict(node: node, state: .failed, jobID: jobID, attempt: ending?.attempt ?? 1)
        if let seen = ending?.progress ?? ending?.snapshot?.progress {
            verdict.dumpedBytes = seen.dumpedBytes
            verdict.storedBytes = seen.storedBytes
        }
        switch evidence {
        case .none:
            verdict.state = ending?.wasHeard == true ? .failed : .missing
            verdict.faults =
                ending.flatMap { $0.faults.isEmpty ? nil : $0.faults }
                ?? [WireError(.failed, node: node, "no node record in the bucket")]
        case .unknown(let error):
            verdict.faults = [
                WireError(
                    error.kind, node: node,
                    "the node record cannot be read, so nothing is proved: \(error.message)",
                    hint: error.hint)
            ]
        case .record(let record):
            verdict.attempt = JobClaim.attempt(record.attempt, after: verdict.attempt)
            verdict.dumpedBytes = record.dumpedBytes
            verdict.storedBytes = record.storedBytes
            (verdict.notes, verdict.noteValues) = notes(of: record)
            if record.node == node, record.run == run {
                (verdict.volumes, verdict.finishedAt) = (record.recordedVolumes, record.finishedAt)
                verdict.unsealed = unsealed(record, node: node)
            }
            let fault = fault(of: record, node: node, run: run, asked: asked)
            let suspects = suspects(record, node: node)
            verdict.state = fault != nil ? .failed : suspects.isEmpty ? .complete : .suspect
            // The agent's own reason says more than what is missing for it.
            let said = ending?.faults ?? []
            verdict.faults = fault.map { said.isEmpty ? [$0] : said } ?? suspects
        }
        if let record = Self.heldRecord(evidence, ending), let held = held(record, node: node),
            fault(of: record, node: node, run: run, asked: asked) == nil
        {
            verdict.state = .held
            verdict.faults = [held] + suspects(record, node: node)
            (verdict.notes, verdict.noteValues) = notes(of: record)
        }
        if verdict.state != .complete, verdict.state != .suspect, ending?.error?.kind == .cancelled {
            verdict.state = .cancelled
        }
        return verdict
    }

    /// Of a node that could not reach the store nothing is in the bucket, its record included: that its dumps are held can
    /// only be its own word, and claims nothing of the bucket.
    private static func heldRecord(_ evidence: Evidence, _ ending: NodeEnding?) -> NodeRecord? {
        if case .record(let record) = evidence { record } else { ending?.snapshot?.record }
    }

    /// What is held, as the reason why the node is not complete; nil: nothing is.
    private static func held(_ record: NodeRecord, node: String) -> WireError? {
        let held = record.heldDumps
        guard let first = held.first else { return nil }
        let more = held.count > 1 ? " and \(held.count - 1) more" : ""
        return WireError(
            .storageUnreachable, node: node,
            "held on the node, not in the bucket yet: \(first.configuration): \(first.dump.disk)\(more)",
            hint: "'amfleet flush' sends them now; the next backup does where amanda.conf says autoflush yes."
        )
    }

    /// What is stored and not believed, each with both figures.
    private static func suspects(_ record: NodeRecord, node: String) -> [WireError] {
        record.suspectDumps.map { configuration, dump in
            WireError(suspect: dump, of: configuration, run: record.run, node: node)
        }
    }

    /// Keys of its dumps that only the node itself has: the dumps are whole, and the run's end says what is missing for the worst day.
    private static func unsealed(_ record: NodeRecord, node: String) -> [WireError]? {
        guard let missing = record.secrets?.missing, !missing.isEmpty else { return nil }
        return NodeRecord.bounded(missing.map { $0.said(by: node) }, to: 20) {
            WireError(.failed, node: node, "\($0) keys that are not sealed")
        }
    }

    /// Why the record does not prove a complete node; nil where it does.
    static func fault(
        of record: NodeRecord, node: String, run: RunName, asked: [ConfigurationChoice]
    ) -> WireError? {
        guard record.format == WireJSON.format, record.node == node, record.run == run else {
            return WireError(
                .damaged, node: node,
                "the node record is of run \(record.run) of '\(record.node)', format \(record.format)")
        }
        for choice in asked {
            guard let configuration = record.configurations.first(where: { $0.name == choice.name }) else {
                return WireError(.failed, node: node, "configuration '\(choice.name)' was not backed up")
            }
            if let error = configuration.error { return error.on(node) }
            let failed = configuration.dumps.first {
                !$0.status.isUsable && $0.status != .skipped && $0.status != .held
            }
            if let dump = failed {
                return dump.error?.on(node)
                    ?? WireError(.failed, node: node, "\(choice.name): disk '\(dump.disk)' was not dumped")
            }
            guard !configuration.dumps.isEmpty else {
                return WireError(.failed, node: node, "configuration '\(choice.name)' has no dump")
            }
        }
        return nil
    }

    /// Remarks that an administrator should read; tar's strange lines count. As text each says where it belongs.
    private static func notes(of record: NodeRecord) -> ([String], [Remark]) {
        let all = record.bounded.configurations.flatMap { configuration in
            configuration.remarks.map { $0.of(configuration.name) }
                + configuration.dumps.flatMap { dump in
                    (leftOut(dump) + dump.strange.map { "STRANGE: \($0)" } + dump.notes).map {
                        Remark($0).of(configuration.name, disk: dump.disk)
                    }
                }
        }
        let remarks = NodeRecord.bounded(all, to: 2 * NodeRecord.noteLimit) {
            Remark("\($0) notes, in the node's record")
        }
        let texts = remarks.map { remark in
            let whose = [remark.place?.configuration, remark.place?.disk].compactMap(\.self)
            return "\(whose.joined(separator: " ")): \(remark)"
        }
        return (texts, remarks)
    }
}

extension NodeJudgement {
    /// A disk that the configuration leaves out is no fault of the run: what stands for it is named.
    private static func leftOut(_ dump: DumpRecord) -> [String] {
        guard dump.status == .skipped else { return [] }
        guard let newest = dump.bases?.last else {
            return ["left out of this run, and a restore of it does not bring the disk back"]
        }
        return [
            "left out of this run: a restore of it brings back level \(newest.level) of run \(newest.run)"
        ]
    }
}

extension WireError {
    /// A suspect dump, and what to do about it.
    init(suspect dump: DumpRecord, of configuration: String, run: RunName, node: String) {
        self.init(
            .failed, node: node,
            "\(configuration): \(dump.disk): suspect: \(dump.suspect?.text ?? "no reason is given")",
            hint:
                "\(dump.suspect?.mend ?? "look at the disk, and back it up again"); if it is as it should be: 'amfleet accept \(run) "
                + "--node \(node) --configuration \(configuration.shellWord) --disk \(dump.disk.shellWord)'.")
        self = at(node: node, configuration: configuration, disk: dump.disk)
    }

    /// The same as this node's, whomever it names.
    func said(by node: String) -> WireError {
        var error = self
        error.node = node
        error.place?.node = node
        return error
    }

    /// The same with a node's name.
    func on(_ node: String) -> WireError {
        var error = self
        error.node = error.node ?? node
        return error
    }
}

extension Remark {
    fileprivate func of(_ configuration: String, disk: String? = nil) -> Remark {
        var remark = self
        var place = place ?? FaultPlace()
        place.configuration = configuration
        place.disk = disk ?? place.disk
        remark.place = place
        return remark
    }
}
