// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Saturation

extension AmandaConfiguration {
    /// What the planner has to know beside the disks.
    ///
    /// - Parameter tapelist: for `runspercycle -1`.
    public func plannerSettings(blockByteCount: Int64, tapelist: Tapelist, now: Int64) -> PlannerSettings {
        let capacity = tapetype.lengthBytes.multipliedReportingOverflow(by: Int64(max(1, runtapes)))
        return PlannerSettings(
            dumpcycleDays: dumpcycleDays,
            runsPerCycle: runsPerCycle(tapelist, now: now),
            capacityBytes: maxDumpBytes ?? (capacity.overflow ? .max : capacity.partialValue),
            overheadBytesPerDump: blockByteCount.saturatingPlus(tapetype.filemarkBytes))
    }

    /// Source: Amanda 3.5.1 amanda.conf(5), `runspercycle`.
    private func runsPerCycle(_ tapelist: Tapelist, now: Int64) -> Int {
        switch runspercycle {
        case 0: return max(1, dumpcycleDays)
        case -1:
            guard let since = Datestamp(localTimeOf: now - Int64(dumpcycleDays) * 86_400) else { return 1 }
            let volumes = tapelist.entries.filter { entry in entry.datestamp.map { $0 >= since } ?? false }
            return max(1, volumes.count / max(1, runtapes))
        default: return runspercycle
        }
    }
}
