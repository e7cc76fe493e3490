// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Faults
import LogOutput
import Logging
import Planning

/// What one configuration's part of a run is to be: the volume and the dumps.
struct PlannedConfiguration: Sendable {
    /// Why none can be had, if so: the run fails of it.
    let volume: Result<VolumeChoice, any Error>
    /// The slot of that choice.
    let device: VolumeDevice?
    /// What an earlier attempt of the run has stored, proved anew.
    let stored: [DumpRecord]
    /// The volumes that it lies on.
    var keptVolumes: [VolumeRecord]
    let plan: Plan
    let bases: IncrementBases
    /// By what the dumps will be judged.
    let known: KnownMeasures
    let night: NightEstimate
    /// Volumes that nobody writes to, because the catalog does not know what lies there.
    let volumeRemarks: [Remark]

    /// The plan as the catalog tells it.
    var catalogPlan: PlannedRun {
        var told = PlannedRun(plan)
        told.leftOut = stored.map(PlannedRun.LeftOut.init) + told.leftOut
        return told
    }

    /// What `plan` says beside the dumps. Blocks.
    func remarks(on prepared: PreparedConfiguration) -> [Remark] {
        volumeRemarks + plan.warnings.map { Remark($0) } + prepared.loaded.remarks
            + prepared.hiddenRemarks + prepared.holes.remarks()
    }
}

extension PlannedConfiguration {
    /// What was decided, and why.
    func tell(_ logger: Logger) {
        switch volume {
        case .success(let choice): logger.info("plan: \(choice.explanation)")
        case .failure(let error): logger.info("plan: no volume", metadata: ["reason": "\(error)"])
        }
        for dump in stored {
            logger.info("plan: stays from an earlier attempt", metadata: ["disk": "\(dump.disk)"])
        }
        for dump in plan.dumps {
            logger.info(
                "plan: level \(dump.level)",
                metadata: [
                    "disk": "\(dump.name.disk)", "reason": "\(dump.reason)",
                    "expectedBytes": "\(dump.dump.storedBytes)",
                ])
        }
        for left in plan.leftOut {
            logger.info("plan: left out", metadata: ["disk": "\(left.name.disk)", "reason": "\(left)"])
        }
    }
}

extension PlannedRun.LeftOut {
    fileprivate init(_ dump: DumpRecord) {
        self.init(
            host: dump.host, disk: dump.disk, level: dump.level, cause: .stored,
            reason: "stored by an earlier attempt")
    }
}
