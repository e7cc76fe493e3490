// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import Planning

/// What a configuration's part in a run would be, and the record of a plan that goes no further.
extension ConfigurationRun {
    /// What is to be done. Reads the bucket and the disks, writes nothing anywhere.
    ///
    /// - Parameters:
    ///   - earlier: what an earlier attempt has stored is not planned again.
    ///   - absence: why the store is not asked.
    ///   - startingIn: seconds until its first dump can begin.
    func preparePlan(
        earlier: ConfigurationRecord? = nil, absence: (any Error)? = nil, startingIn: Double = 0
    ) async throws -> PlannedConfiguration {
        let logger = logger.with(["stage": "plan"])
        logger.info("planning begins", metadata: absence.map { ["withoutStore": "\($0)"] })
        if isInEarnest, absence == nil { try await clients.makeBuckets(of: name) }
        let planned = try await reporter.waiting(
            for: "\(name): estimates (etimeout)", atMost: prepared.longestEstimates
        ) {
            try await planning.makePlan(earlier: earlier, absence: absence, startingIn: startingIn)
        }
        planned.tell(logger)
        for dump in planned.plan.dumps {
            if let entry = entry(dump.name) { progress.expect(dump.dump.nativeBytes, of: entry) }
        }
        return planned
    }

    /// The record of a plan that is not carried out.
    func record(of planned: PlannedConfiguration) async throws -> ConfigurationRecord {
        var record = emptyRecord
        switch planned.volume {
        case .success(let choice):
            record.volumes = try await runBlocking("volume", asking: planned.device?.mayHang ?? []) {
                [prepared] in
                planned.device.map { [prepared.store.volume(choice.label, on: $0)] } ?? []
            }
            record.note([choice.explanation] + [choice.shortfall?.description].compactMap(\.self))
        case .failure(let error): record.faults = WireError.all(cause: error, node: node)
        }
        record.dumps = planned.plan.dumps.compactMap { dump in
            entry(dump.name).map { DumpRecord(planned: dump, $0) }
        }
        try await addLeftOut(planned, to: &record)
        record.remarks += try await runBlocking("remarks") { [prepared] in planned.remarks(on: prepared) }
        record.remarks += [clients.proxyRemark(of: name)].compactMap(\.self)
        record.note(prepared.diskFaults.map(\.message))
        return record
    }

    /// The record of a plan that could not be made.
    func record(without cause: any Error) -> ConfigurationRecord {
        emptyRecord.with(WireError.all(cause: cause, node: node))
    }

    var planning: RunPlanning {
        RunPlanning(
            prepared: prepared, run: run, taking: taking, workDirectory: workDirectory,
            isInEarnest: isInEarnest, sendBytesPerSecond: request.sendBytesPerSecond,
            known: known, plausibility: request.plausibility,
            volumeRemarks: caughtUp.map { caughtUp in
                caughtUp.findings.map { Remark($0.text(isDone: isInEarnest)) }
            },
            logger: logger.with(["stage": "plan"]))
    }
}
