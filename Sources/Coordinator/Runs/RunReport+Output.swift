// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

extension RunReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var startedAtUTC: Date
        var manifest: RunManifest
        var asked: [String]
        var state: RunState?
        var remarks: [String]?
    }

    public func document(command: String) throws -> [UInt8] {
        let body = Body(
            run: manifest.run, startedAtUTC: manifest.startedAt, manifest: manifest, asked: asked,
            state: state, remarks: remarks.isEmpty ? nil : remarks)
        return try document(command, body)
    }

    public var lines: [String] {
        RunText.table(manifest.nodes) + RunText.notes(manifest.nodes)
            + (allRemarks.isEmpty ? [] : [""] + allRemarks)
            + [""] + [verdict]
    }

    private var allRemarks: [String] { (manifest.remarks ?? []).map(\.description) + remarks }

    /// The last line: what the set is now.
    private var verdict: String {
        let complete = manifest.nodes.filter { $0.state == .complete }.count
        let time = manifest.finishedAt.map {
            " in " + Quantity.duration(seconds: $0.timeIntervalSince(manifest.startedAt))
        }
        let incomplete = manifest.nodes.filter { $0.state != .complete }.map(\.node)
        let rest = incomplete.isEmpty ? "" : "; not complete: \(incomplete.joined(separator: ", "))"
        return
            "run \(manifest.run): \(state?.rawValue ?? manifest.verdict.rawValue), \(complete)/\(manifest.nodes.count) nodes complete\(time ?? "")\(rest)"
    }
}
