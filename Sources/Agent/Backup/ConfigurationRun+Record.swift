// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import Planning

/// What the record of a configuration's part says of its disks.
extension ConfigurationRun {
    func entry(_ name: DiskName) -> DisklistEntry? { prepared.entry(name) }

    var emptyRecord: ConfigurationRecord {
        var record = ConfigurationRecord(name: name, role: prepared.choice.role)
        record.remarks = prepared.notes
        if prepared.changer.readsFromGlacier { record.readsFromGlacier = true }
        return record
    }

    /// Disks that are not dumped: those that should have been have failed, for the others earlier dumps stand.
    func addLeftOut(
        _ planned: PlannedConfiguration, to record: inout ConfigurationRecord
    ) async throws {
        for left in planned.plan.leftOut {
            guard let entry = entry(left.name) else { continue }
            var dump = DumpRecord(leftOut: left, entry, node: node)
            if dump.status == .failed, let refusal = prepared.refusals[left.name]?.first {
                dump.error = refusal
            }
            record.dumps.append(dump)
        }
        try await nameStandIns(planned.bases, in: &record)
    }

    private func nameStandIns(
        _ bases: IncrementBases, in record: inout ConfigurationRecord
    ) async throws {
        guard record.dumps.contains(where: { $0.status == .skipped }) else { return }
        record = try await runBlocking(
            "stand-ins", asking: prepared.location.mayHang, prepared.location.patience
        ) {
            [prepared, record] in
            let held = try HoldingDisks(prepared.configuration.holdingDisks).contents().dumps
            var named = record
            named.name(StandIns(bases: bases, held: held), for: prepared.entries)
            return named
        }
    }

    /// Records list disks in the disklist's order, whichever ended first.
    func insert(_ dump: DumpRecord, into record: inout ConfigurationRecord) {
        let place = prepared.place(of: dump.name)
        let index = record.dumps.firstIndex { prepared.place(of: $0.name) > place }
        record.dumps.insert(dump, at: index ?? record.dumps.endIndex)
    }
}
