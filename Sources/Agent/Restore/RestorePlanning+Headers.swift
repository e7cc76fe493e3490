// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import S3

/// What the headers say of dumps that are there.
extension RestorePlanning {
    /// Reads the header of every dump, at every level. A lost disk has a step too: nothing else touches its directory.
    func steps(
        _ found: [FoundDisk], _ targets: [RestoreTarget], _ lost: inout LostDisks
    ) async throws -> [RestoreStep] {
        var steps: [RestoreStep] = []
        for (index, (found, target)) in zip(found, targets).enumerated() {
            let plans = try await lost.unlessLost(index) { () -> [RestorePlan] in
                var plans: [RestorePlan] = []
                for (dump, parts) in zip(found.disk.dumps, found.parts) {
                    do {
                        plans.append(try await enginePlan(dump, parts, of: found.disk, target))
                    } catch S3Error.archived where isDry {
                        return []  // Its header says the rest once it is thawed.
                    }
                }
                return plans
            }
            var step = RestoreStep(disk: found.disk, target: target, plans: plans ?? [])
            step.stored = found.levels
            step.fault = lost[index].map { WireError(cause: $0, node: node) }
            steps.append(step)
        }
        try await requireKeys(&steps, &lost)
        for index in steps.indices {
            steps[index].nameDeleted(beside: steps)
            steps[index].part = DirectoryPart(steps[index], beside: steps)
        }
        if order.delete { try refuseMovedNames(steps) }
        return steps
    }

    /// With `--delete` a part is unpacked straight into the directory that it shares, and what moved from one part to another since
    /// its full dump would be written over by its older state.
    private func refuseMovedNames(_ steps: [RestoreStep]) throws(WireError) {
        for step in steps {
            guard let name = step.deletedNames.ofOthers.first else { continue }
            throw WireError(
                .unsupported, node: node,
                "'./\(name)' of '\(step.disk.disk)' belongs to another disk of '\(step.target.path)' since its full dump",
                hint: "restore without '--delete', or to another place with '--to DIR'.")
        }
    }

    private func enginePlan(
        _ dump: RestorableDump, _ parts: [RestorePlan.Part], of disk: RestorableDisk, _ target: RestoreTarget
    ) async throws -> RestorePlan {
        let plan = try await headerPlan(dump, parts, of: disk, target)
        do {
            try await RestoreEngine().requirePresent(plan)
            return plan
        } catch let error as RestoreError {
            throw fault(error, dump, disk)
        }
    }

    /// By the first part's header, which also says whose dump it is.
    func headerPlan(
        _ dump: RestorableDump, _ parts: [RestorePlan.Part], of disk: RestorableDisk, _ target: RestoreTarget
    ) async throws -> RestorePlan {
        guard let first = parts.first else {
            throw WireError(.damaged, node: node, "the dump of '\(disk.disk)' has no parts")
        }
        do {
            let header = try await first.volume.header(ofFile: first.fileNumber)
            try requireSame(header, dump, disk, key: first.volume.name(ofFile: first.fileNumber))
            var plan = try RestorePlan(
                header: header, parts: parts, target: target.path,
                recoveryThreadCount: disk.recoveryThreadCount)
            if let checked = configurations.named(disk.configuration.name),
                let loaded = try? checked.loaded.get()
            {
                plan.stallLimit = .seconds(max(1, loaded.configuration.dumpTimeoutSeconds))
            }
            plan.logger = logger.with([
                "configuration": "\(disk.configuration.name)", "disk": "\(disk.disk)", "stage": "restore",
            ])
            plan.native = dump.record.native?.sum.flatMap { $0.isKnown ? $0 : nil } ?? plan.native
            plan.stored = dump.record.server?.sum.flatMap { $0.isKnown ? $0 : nil } ?? plan.stored
            try await FilterRights(configurations.named(disk.configuration.name)).grant(to: &plan)
            return plan
        } catch let error as RestoreError {
            throw fault(error, dump, disk)
        }
    }

    private func fault(_ error: RestoreError, _ dump: RestorableDump, _ disk: RestorableDisk) -> WireError {
        var wire = WireError(cause: error, node: node)
        wire.message = "\(dump.name(disk.disk)): \(wire.message)"
        if wire.kind == .damaged { wire.hint = wire.hint ?? VolumeCheck.hint }
        return wire
    }

    private func requireSame(
        _ header: DumpHeader, _ dump: RestorableDump, _ disk: RestorableDisk, key: String
    ) throws(WireError) {
        guard header.datestamp == dump.run, header.disk == disk.disk, header.level == dump.level else {
            throw WireError(
                .damaged, node: node,
                "'\(key)' is the dump of '\(header.disk)' of run \(header.datestamp), level \(header.level), "
                    + "expected '\(disk.disk)' of run \(dump.run), level \(dump.level)")
        }
    }
}
