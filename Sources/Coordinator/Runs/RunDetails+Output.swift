// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials

extension RunDetails: CommandReport {
    private struct Body: Encodable {
        struct Entry: Encodable {
            var verdict: NodeVerdict
            var record: NodeRecord?
            var remark: String?
            var restorability: NodeRestorability.State?
        }

        var manifest: RunManifest
        var state: RunState
        var nodes: [Entry]
    }

    /// What could not be looked at is what is to be told.
    public var ending: CommandEnding {
        nodes.contains { if case .unknown = $0.restorability { true } else { false } } ? .problem : .complete
    }

    public func document(command: String) throws -> [UInt8] {
        let entries = nodes.map { node in
            Body.Entry(
                verdict: node.verdict, record: node.record, remark: node.remark,
                restorability: node.restorability.map {
                    NodeRestorability(node: node.verdict.node, run: manifest.run, $0).state
                })
        }
        return try document(command, Body(manifest: manifest, state: state, nodes: entries))
    }

    public var lines: [String] {
        let ofNodes = nodes.compactMap { node in
            node.remark.map { "\(node.verdict.node): \(RunText.oneLine($0))" }
        }
        let remarks = (manifest.remarks ?? []).map { RunText.oneLine($0.description) } + ofNodes
        return head + [""] + RunText.table(manifest.nodes) + RunText.notes(manifest.nodes)
            + (remarks.isEmpty ? [] : [""] + remarks) + [""] + dumps + held + suspects
            + recoveryPoints
    }

    private var head: [String] {
        let end = manifest.finishedAt.map { ", ended \(LocalTime($0).text)" } ?? ""
        let configurations = manifest.configurations.map(\.name).joined(separator: ", ")
        return [
            "run \(manifest.run) of cluster \(manifest.cluster): \(verdict)",
            "began \(LocalTime(manifest.startedAt).text)\(end), by \(manifest.coordinator)",
            "configurations \(configurations); manifest revision \(manifest.revision), fence \(manifest.fence)",
        ]
            + [manifest.pin].compactMap(\.self).map {
                "pinned since \(LocalTime($0.since).text), by \($0.by): not overwritten until 'amfleet unpin \(manifest.run)'"
            }
    }

    /// What the run is now, and how it ended where that was another word.
    private var verdict: String {
        state.rawValue == manifest.verdict.rawValue || manifest.verdict == .running
            ? state.rawValue : "\(state.rawValue) (it ended as \(manifest.verdict.rawValue))"
    }

    private var recoveryPoints: [String] {
        let lines = nodes.compactMap(\.record).map(NodeRecoveryPoints.init).lines
        return lines.isEmpty ? [] : [""] + lines
    }

    /// Where held dumps lie, by node.
    private var held: [String] {
        let lines = nodes.flatMap { node in
            (node.record?.heldDumps ?? []).map { configuration, dump in
                let chunks = dump.held?.chunks ?? []
                return "\(node.verdict.node): \(configuration): \(dump.disk) is held: "
                    + "\(Quantity.bytes(dump.held?.storedBytes ?? 0)) in \(Quantity.count(chunks.count, "chunk")), "
                    + "first '\(chunks.first?.path ?? "")'"
            }
        }
        return lines.isEmpty ? [] : [""] + lines
    }

    /// What is not believed, and what an operator has accepted, with both figures.
    private var suspects: [String] {
        let lines = nodes.flatMap { node in
            (node.record?.configurations ?? []).flatMap { configuration in
                configuration.dumps.compactMap { dump in
                    dump.suspect.map { suspect in
                        "\(node.verdict.node): \(configuration.name): \(dump.disk): \(suspect.heading): "
                            + suspect.text
                    }
                }
            }
        }
        return lines.isEmpty ? [] : [""] + lines
    }

    private var dumps: [String] {
        var table = TextTable([
            ("NODE", .left), ("CONFIGURATION", .left), ("DISK", .left), ("LEVEL", .right), ("STATUS", .left),
            ("DUMPED", .right), ("STORED", .right), ("VOLUME", .left), ("FILES", .left), ("PROVED BY", .left),
        ])
        for node in nodes {
            for configuration in node.record?.configurations ?? [] {
                for dump in configuration.dumps {
                    let labels = Set(dump.parts.map(\.label) + dump.standingLabels).sorted()
                    let isChecked = !dump.parts.isEmpty && dump.parts.allSatisfy { $0.proof == .checksum }
                    table.add([
                        node.verdict.node, configuration.name, dump.disk,
                        dump.status == .skipped ? "-" : "\(dump.level)",
                        dump.isSuspect ? "suspect" : dump.status.rawValue,
                        Quantity.bytes(dump.native.byteCount), Quantity.bytes(dump.storedBytes),
                        labels.joined(separator: ", "),
                        dump.parts.map { "\($0.fileNumber)" }.joined(separator: ","),
                        dump.parts.isEmpty ? "-" : isChecked ? "checksum" : "length only",
                    ])
                }
            }
        }
        return table.lines
    }
}

extension SuspectRecord {
    fileprivate var heading: String {
        guard let acceptedAt else { return "suspect" }
        return "accepted by \(acceptedBy ?? "an operator") on \(LocalTime(acceptedAt).text)"
    }
}

extension DumpRecord {
    /// Volumes of the newest dump that stands for a disk which was left out.
    fileprivate var standingLabels: [String] {
        status == .skipped ? bases?.last?.volumes.map(\.label) ?? [] : []
    }
}
