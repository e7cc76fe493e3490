// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Files
import Synchronization

/// The levels of one disk, unpacked one onto the other.
///
/// A dump whose damage shows only after tar had it may have changed on its way: what lies there goes, the levels below it are
/// unpacked again, and then it is a second time, each range of it read until two readings agree.
struct LevelRestores: Sendable {
    /// Where they are unpacked.
    struct Place: Sendable {
        let directory: OpenDirectory
        /// Whether a full dump removes there what it does not know.
        let deletes: Bool
    }

    let disk: DiskRestore
    /// Makes the place what it was before the first time.
    let renewed: @Sendable () async throws -> Place

    /// Tells `report` of every dump that is there.
    ///
    /// - Returns: where they lie, and whether that is the second time.
    func run(
        in first: Place, _ report: inout RestoreReport.Disk
    ) async throws -> (place: Place, isSecondTime: Bool) {
        let step = disk.step
        let readings = step.plans.map { _ in StreamReadings() }
        var (place, isSecondTime) = (first, false)
        for (index, dump) in step.disk.dumps.enumerated() {
            try Task.checkCancellation()
            let again = Mutex<Place?>(nil)
            let outcome = try await RestoreEngine().restore(
                try await plan(index, in: place), readings: readings[index],
                startingOver: { _ in
                    let place = try await renewed()
                    for below in 0..<index {
                        _ = try await RestoreEngine().restore(
                            try await plan(below, in: place), readings: readings[below])
                    }
                    again.withLock { $0 = place }
                    return try await plan(index, in: place)
                }
            ) { disk.totals.update($0) }
            if let renewed = again.withLock({ $0 }) { (place, isSecondTime) = (renewed, true) }
            disk.totals.add(outcome)
            report.restoredBytes += outcome.native.byteCount
            let isChain = step.plans.count > 1
            report.notes += outcome.messages.map { isChain ? "level \(dump.level): \($0)" : $0 }
        }
        return (place, isSecondTime)
    }

    /// A full dump leaves alone what it does not know, unless told otherwise; an increment must remove what it does not list,
    /// and may, for only the dumps below it have written there.
    private func plan(_ index: Int, in place: Place) async throws -> RestorePlan {
        var plan = disk.step.plans[index]
        plan.target = place.directory.path
        plan.directory = place.directory
        plan.confinement = disk.ground.confinement
        plan.isUnconfined = disk.order.isUnconfined == true
        plan.deletes = place.deletes || disk.step.disk.dumps[index].level > 0
        // The packages of a new machine may have given Amanda's user another number.
        plan.hasOwnersByName = disk.step.isAmandas
        let rights = FilterRights(disk.configurations.named(disk.step.disk.configuration.name))
        try await rights.grant(to: &plan)
        if !plan.encryptionPrograms.isEmpty, let keys = disk.keys {
            plan.givenFiles = try await keys.given(disk.step.disk.dumps[index], of: disk.step.disk)
        }
        return plan
    }
}
