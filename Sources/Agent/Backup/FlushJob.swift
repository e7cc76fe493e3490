// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import HiddenCharacters

/// Sends everything that lies on the holding disks of this node's configurations to volumes, and dumps nothing.
struct FlushJob: Sendable {
    let settings: AgentSettings
    let storage: NodeStorage
    let request: JobRequest
    let reporter: JobReporter

    /// - Throws: `WireError` for what can be refused before the first byte, and where nothing is held; `CancellationError`.
    func run(_ configurations: [CheckedConfiguration]) async throws -> JobResult {
        let runs = try await ConfigurationRuns(
            settings: settings, storage: storage, request: request, reporter: reporter, isInEarnest: true
        ).prepared(configurations)
        return try await runs.inWorkDirectory {
            let (all, absences) = try await runs.all.caughtUp()
            return try await flush(all, absences, without: runs.refused)
        }
    }

    private func flush(
        _ runs: [ConfigurationRun], _ absences: StoreAbsences,
        without refused: [UsableConfigurations.Refused]
    ) async throws -> JobResult {
        var held: [(run: ConfigurationRun, whole: [HeldDump], broken: [HeldDump])] = []
        var report = FlushReport(
            run: request.run,
            configurations: refused.map {
                FlushReport.Configuration(name: $0.choice.name).with($0.faults)
            })
        for run in runs {
            do {
                let dumps = try await run.heldDumps()
                held.append((run, dumps.filter(\.isWhole), dumps.filter { !$0.isWhole }))
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                var part = FlushReport.Configuration(name: run.name)
                part.faults = WireError.all(cause: error, node: settings.node)
                report.configurations.append(part)
            }
        }
        guard
            !report.configurations.isEmpty
                || held.contains(where: { !$0.whole.isEmpty || !$0.broken.isEmpty })
        else {
            if request.attempt > 1 { return JobResult(flush: sentBefore(runs)) }
            let names = runs.map { "'\($0.name)'" }.joined(separator: ", ")
            throw WireError(
                .configuration, node: settings.node, "no dump is held on this node for \(names)",
                hint: "'amfleet status' names the dumps that are.")
        }
        let progress = FlushProgress(reporter.board, held.flatMap(\.whole))
        for (run, whole, broken) in held where !whole.isEmpty || !broken.isEmpty {
            var part = FlushReport.Configuration(name: run.name)
            if !whole.isEmpty {
                let absence = absences.isHasty(for: run.prepared) ? nil : absences[run.prepared]
                part = try await run.flush(whole, progress, absence: absence)
            }
            part.notes = (run.caughtUp?.findings.map { $0.text(isDone: true) } ?? []) + part.notes
            part.dumps += broken.map { dump in
                FlushReport.Dump(held: HeldDumpRecord(dump), error: notWhole(dump, run.name))
            }
            report.configurations.append(part)
        }
        return JobResult(flush: report, faults: report.faults)
    }

    /// The agent was stopped after the last dump had gone.
    private func sentBefore(_ runs: [ConfigurationRun]) -> FlushReport {
        FlushReport(
            run: request.run,
            configurations: runs.map {
                .init(name: $0.name, notes: ["an earlier attempt has sent what was held"])
            })
    }

    private func notWhole(_ dump: HeldDump, _ name: String) -> WireError {
        WireError(
            .damaged, node: settings.node,
            "the held dump of '\(dump.header.disk)' of run \(dump.header.datestamp) is not whole: "
                + (dump.fault ?? ""),
            hint: "remove it with 'amadmin \(name.shellWord) holding delete' if nothing of it is wanted.")
    }
}
