// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Glibc

/// Plans one configuration's part of a run. Reads the catalog, the disks and the bucket; writes nothing.
struct RunPlanning: Sendable {
    let prepared: PreparedConfiguration
    let run: Datestamp
    let taking: VolumeTaking
    let workDirectory: String
    /// Whether the run will be made, so that scripts may run.
    let isInEarnest: Bool

    /// - Parameters:
    ///   - earlier: the record of an earlier attempt; what it has stored is not planned again.
    ///   - absence: why the store is not asked for its volumes.
    /// - Throws: `CancellationError`; what keeps the catalog from being read. A store that does not answer, and a volume
    ///   that cannot be had, stand in the plan.
    func plan(
        earlier: ConfigurationRecord?, absence: (any Error)? = nil
    ) async throws -> PlannedConfiguration {
        let view = try await view(absence)
        let volume = view.flatMap { view in Result { try view.choice(for: run) } }
        let stored = try await stored(earlier, on: try? volume.get())
        let entries = prepared.entries.filter { entry in !stored.contains { $0.isOf(entry) } }
        let facts = try await runBlocking("planning-facts") {
            [prepared, run, slots = try? view.get().slots] in
            try PlanningFacts(prepared, entries: entries, run: run, slots: slots)
        }
        let now = Int64(time(nil))
        let planner = Planner(
            settings: prepared.configuration.plannerSettings(
                blockByteCount: prepared.blockByteCount, tapelist: facts.tapelist, now: now),
            disks: facts.disks, run: run, now: now,
            rotation: (try? view.get())?.rotation(taking: try? volume.get()))
        let estimates = DiskEstimates(
            prepared: prepared, run: run, workDirectory: workDirectory, runsScripts: isInEarnest)
        let plan = planner.plan(try await estimates.look(planner.requests))
        return PlannedConfiguration(
            volume: volume, stored: stored, plan: plan, bases: facts.bases,
            night: NightEstimate(
                queue(plan), limits: prepared.configuration.queueLimits,
                capBytesPerSecond: prepared.changer.maxSendBytesPerSecond.map(Double.init), now: now))
    }

    private func view(_ absence: (any Error)?) async throws -> Result<VolumeView, any Error> {
        if let absence { return .failure(absence) }
        do {
            return .success(try await taking.look())
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            return .failure(error)
        }
    }

    /// The dumps of an earlier attempt count only on the volume that they were written to.
    private func stored(
        _ earlier: ConfigurationRecord?, on choice: VolumeChoice?
    ) async throws -> [AgentAPI.DumpRecord] {
        guard let earlier, let choice, choice.kind == .continuing else { return [] }
        let device = try taking.device(of: choice)
        let volume = prepared.store.volume(choice.label, on: device)
        guard earlier.volumes.first == volume else { return [] }
        return try await EarlierDumps(client: taking.client(device.bucket)).proved(in: earlier)
    }

    /// The dumps of a plan as they wait for a dumper.
    func queue(_ plan: Plan) -> [QueuedDump] {
        let midnight = run.midnight
        return plan.dumps.compactMap { dump in
            prepared.entries.first { $0.name == dump.name }.map {
                QueuedDump(dump, entry: $0, midnight: midnight)
            }
        }
    }
}

extension Datestamp {
    /// When the day of this local time began, in seconds since 1970.
    fileprivate var midnight: Int64 {
        Datestamp("\(description.prefix(8))000000")?.secondsOfLocalTime ?? secondsOfLocalTime
    }
}
