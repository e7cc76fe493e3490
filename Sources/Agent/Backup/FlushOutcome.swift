// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// Gathers what a flush has done.
actor FlushOutcome {
    private var report: FlushReport.Configuration
    /// By path of the first chunk.
    private var done: [String: FlushReport.Dump] = [:]

    init(_ name: String) {
        report = FlushReport.Configuration(name: name)
    }

    func add(_ flushed: HeldDumpFlush.Flushed, _ volumes: [VolumeRecord], node: String) {
        report.volumes = volumes
        if case .failed(let error) = flushed.outcome.status {
            let error = WireError(cause: error, node: node)
            done[flushed.held.path] = FlushReport.Dump(held: HeldDumpRecord(flushed.held), error: error)
        } else {
            add(flushed.held, on: flushed.outcome.parts, unwritten: flushed.unwritten, node: node)
        }
    }

    /// - Parameter unwritten: why its record could not be written; nil: it is no longer held.
    func add(_ held: HeldDump, on parts: [DumpPart], unwritten: (any Error)?, node: String) {
        var seen: Set<String> = []
        done[held.path] = FlushReport.Dump(
            held: HeldDumpRecord(held), labels: parts.map(\.label).filter { seen.insert($0).inserted },
            error: unwritten.map { held.unwritten(because: $0, node: node) })
    }

    func add(notes: [String]) {
        report.notes += notes
    }

    func fail(_ faults: [WireError]) {
        report.faults = faults
    }

    /// In the order of `dumps`; one that was not begun has the reason for which none was.
    func report(of dumps: [HeldDump]) -> FlushReport.Configuration {
        let unsent = done.values.filter(\.labels.isEmpty)
        let reason = report.error ?? unsent.lazy.compactMap(\.error).first { $0.concernsWholeStore }
        var report = report
        if let reason, report.faults.isEmpty { report.faults = [reason] }
        report.dumps = dumps.map { held in
            done[held.path] ?? FlushReport.Dump(held: HeldDumpRecord(held), error: reason)
        }
        return report
    }
}

extension HeldDump {
    /// It lies on a volume, but the bucket does not say so yet.
    fileprivate func unwritten(because cause: any Error, node: String) -> WireError {
        let cause = WireError(cause: cause, node: node)
        return WireError(
            cause.kind, node: node,
            "the record of run \(header.datestamp) still calls level \(header.level) of '\(header.disk)' held, and its chunks stay: \(cause.message)",
            hint: cause.hint
                ?? "the next 'amfleet flush' or 'amfleet backup' finishes it without sending it again.")
    }
}
