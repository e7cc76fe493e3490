// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files
import S3

/// What is going to be done, in figures.
extension RestorePlanning {
    /// - Parameters:
    ///   - steps: of all that was looked up.
    ///   - hidden: what could not be, before the self-backup is back.
    ///   - record: of the run; nil: there is none.
    func figures(
        of steps: [RestoreStep], besides hidden: [RestorableDisk], _ missing: [RestoreReport.Disk],
        _ record: NodeRecord?, _ archive: NodeRestorePlan.Archive?
    ) async throws -> NodeRestorePlan {
        var report = NodeRestorePlan(node: node, sourceNode: order.sourceNode, run: run)
        report.disks =
            steps.map(\.planned) + hidden.map(planned)
            + missing.map { missing in
                var disk = NodeRestorePlan.Disk(
                    configuration: missing.configuration, disk: missing.disk, target: "")
                disk.error = missing.error
                return disk
            }
        report.keys = steps.flatMap(\.keys)
        report.archive = archive
        report.rate = try await rate(record)
        report.expectedSeconds = expectedSeconds(of: report)
        return report
    }

    /// One of which only its record is known.
    private func planned(_ disk: RestorableDisk) -> NodeRestorePlan.Disk {
        var planned = NodeRestorePlan.Disk(
            configuration: disk.configuration.name, disk: disk.disk,
            target: RestoreTarget.trimmed(disk.device ?? disk.disk),
            levels: FoundDisk(disk: disk, parts: []).levels)
        planned.isTargetExpected = true
        return planned
    }

    private func rate(_ record: NodeRecord?) async throws -> NodeRestorePlan.Rate? {
        guard let rates else { return nil }
        return try await rates.last(of: node, logger) ?? record?.dumpRate
    }

    private func expectedSeconds(of report: NodeRestorePlan) -> Double? {
        guard let rate = report.rate, rate.bytesPerSecond > 0, let bytes = report.dumpedBytes else {
            return nil
        }
        let byRate = Double(bytes) / rate.bytesPerSecond
        let byCap = receiveBytesPerSecond.map { Double(report.storedBytes) / Double(max(1, $0)) } ?? 0
        let thaw = Double(report.archive?.mostMinutes ?? 0) * 60
        return min(max(byRate, byCap) + thaw, 1e15)
    }

    /// Where a disk will go, the disklist that comes back decides: what a dry run says of the room there, by the record's word.
    func expectedRoom(_ steps: [RestoreStep]) async throws -> RestoreRoom.Found {
        let needs = steps.filter { $0.disk.isUndecided && $0.fault == nil }.map { step in
            RestoreRoom.Need(
                name: step.name, path: step.target.path, byteCounts: step.planned.levels.map(\.dumpedBytes),
                isStaged: false)
        }
        guard isDry, !needs.isEmpty else { return RestoreRoom.Found() }
        let paths = needs.map(\.path)
        return try await runBlocking("expected-room") { [node, order] in
            let answers = PatientLook.all(paths, what: "place-look", limit: DiskLook.limit) {
                FileSystem.exists($0)
            }
            return try RestoreRoom(node: node, isIgnored: order.ignoresRoom == true)
                .look(needs.filter { answers[$0.path] != nil })
        }
    }
}

extension RestoreStep {
    /// The same for whoever reads.
    var planned: NodeRestorePlan.Disk {
        var levels = stored
        for (index, plan) in zip(levels.indices, plans) {
            levels[index].dumpedBytes =
                plan.native.flatMap { $0.isKnown ? $0.byteCount.asByteCount : nil }
                ?? levels[index].dumpedBytes
        }
        var planned = NodeRestorePlan.Disk(
            configuration: disk.configuration.name, disk: disk.disk, target: target.path, levels: levels)
        if disk.isUndecided { planned.isTargetExpected = true }
        if !disk.notes.isEmpty { planned.notes = disk.notes }
        planned.error = fault
        return planned
    }
}
