// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Faults
import Glibc
import LogOutput
import Logging
import Planning

/// Plans one configuration's part of a run. Reads the catalog, the disks and the bucket; writes nothing.
struct RunPlanning: Sendable {
    let prepared: PreparedConfiguration
    let run: Datestamp
    let taking: VolumeTaking
    let workDirectory: String
    /// Whether the run will be made, so that scripts may run.
    let isInEarnest: Bool
    /// This node's share of what the cluster may send; nil: no cap.
    let sendBytesPerSecond: Int64?
    /// What this node's records say of earlier dumps.
    let known: KnownMeasures
    let plausibility: Plausibility
    /// What the volumes bear that the catalog does not know, or did not; nil: that was not found out.
    let volumeRemarks: [Remark]?
    let logger: Logger

    /// - Parameters:
    ///   - earlier: the record of an earlier attempt; what it has stored is not planned again.
    ///   - absence: why the store is not asked for its volumes.
    ///   - startingIn: seconds until its first dump can begin.
    /// - Throws: `CancellationError`; what keeps the catalog from being read. A store that does not answer, and a volume
    ///   that cannot be had, stand in the plan.
    func makePlan(
        earlier: ConfigurationRecord?, absence: (any Error)? = nil, startingIn: Double = 0
    ) async throws -> PlannedConfiguration {
        let view = try await view(absence)
        let volume = view.flatMap { view in Result { try view.choice(for: run) } }
        let (stored, keptVolumes) = try await stored(earlier, on: try? volume.get())
        let entries = prepared.entries.filter { entry in !stored.contains { $0.isOf(entry) } }
        let facts = try await runBlocking(
            "planning-facts", asking: prepared.location.mayHang, prepared.location.patience
        ) {
            [prepared, run, isInEarnest, known, plausibility, places = try? view.get().places] in
            // In earnest they have been sent before.
            let sending = try isInEarnest || places == nil ? [] : DueDumps.of(prepared)
            return try PlanningFacts(
                prepared, entries: entries, run: run, places: places, sending: sending, known: known,
                plausibility)
        }
        let now = Int64(time(nil))
        let planner = Planner(
            settings: prepared.configuration.plannerSettings(
                blockByteCount: prepared.blockByteCount, tapelist: facts.tapelist, now: now),
            disks: facts.disks, run: run, now: now,
            rotation: (try? view.get())?.rotation(taking: try? volume.get()))
        let estimates = DiskEstimates(
            prepared: prepared, run: run, workDirectory: workDirectory, runsScripts: isInEarnest,
            logger: logger)
        let plan = planner.plan(try await estimates.look(planner.requests))
        return PlannedConfiguration(
            volume: volume, device: try await device(of: try? volume.get()), stored: stored,
            keptVolumes: keptVolumes, plan: plan, bases: facts.bases, known: facts.known,
            night: night(plan, now: now + Int64(min(startingIn, 1e9))),
            volumeRemarks: volumeRemarks
                ?? (try? view.get())?.unknown.map { Remark($0.description) } ?? [])
    }

    private func night(_ plan: Plan, now: Int64) -> NightEstimate {
        let caps = [
            (prepared.changer.maxSendBytesPerSecond, "MAX_SEND_SPEED"),
            (sendBytesPerSecond, "this node's share of limits.sendMiBPerSecond in cluster.json"),
        ]
        let tightest = caps.compactMap { cap, name in cap.map { ($0, name) } }.min { $0.0 < $1.0 }
        let limits = prepared.configuration.queueLimits
        guard let (cap, name) = tightest else {
            return NightEstimate(queue(plan), limits: limits, capBytesPerSecond: nil, now: now)
        }
        return NightEstimate(
            queue(plan), limits: limits, capBytesPerSecond: Double(cap), capName: name, now: now)
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

    private func device(of choice: VolumeChoice?) async throws -> VolumeDevice? {
        guard let choice else { return nil }
        return try await taking.device(of: choice)
    }

    /// The dumps of an earlier attempt count only while every volume of theirs is this run's, and so do these volumes.
    private func stored(
        _ earlier: ConfigurationRecord?, on choice: VolumeChoice?
    ) async throws -> (dumps: [DumpRecord], volumes: [VolumeRecord]) {
        guard let earlier, choice?.kind == .continuing else { return ([], []) }
        return try await EarlierDumps(run: run, client: taking.client).proved(in: earlier)
    }

    /// The dumps of a plan as they wait for a dumper.
    func queue(_ plan: Plan) -> [QueuedDump] {
        let midnight = run.midnight
        return plan.dumps.compactMap { dump in
            prepared.entry(dump.name).map {
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
