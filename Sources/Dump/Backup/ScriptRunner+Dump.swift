// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

extension ScriptRunner {
    /// Makes a dump between the disk's `pre-dle-backup` and `post-dle-backup`.
    ///
    /// Where a script before it failed, `dump` gets a plan that `DumpEngine` makes a failed outcome of. The scripts after
    /// it run whatever became of the dump, of the ones before, or of the task; what they say, failures included, makes a
    /// dump that counts STRANGE. (Stock Amanda drops the dump then, which is whole.)
    ///
    /// - Parameters:
    ///   - earlier: what the scripts of the run and of the host have said before; with a failure among it neither the
    ///     disk's scripts run nor the dump.
    ///   - dump: `DumpEngine.dump`.
    /// - Throws: what `dump` throws; `CancellationError`.
    public func dump(
        _ plan: DumpPlan, of entry: DisklistEntry, after earlier: ScriptReport = ScriptReport(),
        _ dump: (DumpPlan) async throws -> DumpOutcome
    ) async throws -> DumpOutcome {
        var plan = plan
        plan.preparation = earlier
        guard earlier.failures.isEmpty else { return try await dump(plan) }
        let levels = [plan.dle.level]
        do {
            let before = earlier + (try await run(.preDLEBackup, entry, levels: levels))
            plan.preparation = before
            var outcome = try await dump(plan)
            outcome.recoveryPoints = before.recoveryPoints
            outcome.add(try await run(.postDLEBackup, entry, levels: levels))
            return outcome
        } catch {
            _ = try? await run(.postDLEBackup, entry, levels: levels)  // its report goes to `report`
            throw error
        }
    }
}

extension DumpOutcome {
    fileprivate mutating func add(_ report: ScriptReport) {
        notes += report.notes
        strange += report.allStrange
        recoveryPoints += report.recoveryPoints
        if case .done = status, !report.allStrange.isEmpty { status = .strange }
    }
}
