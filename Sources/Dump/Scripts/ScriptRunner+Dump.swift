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

    /// Does `work` between the scripts of the whole run (`host` nil) or of one host, before and after an activity.
    ///
    /// `work` gets what was said before it; the scripts after it run whatever became of it or of the task.
    public func around<Result>(
        _ activity: ScriptPoint.Activity, host: String? = nil,
        _ work: (ScriptReport) async throws -> Result
    ) async throws -> (result: Result, after: ScriptReport) {
        let result: Result
        do {
            result = try await work(try await run(activity, "PRE", host))
        } catch {
            _ = try? await run(activity, "POST", host)
            throw error
        }
        return (result, try await run(activity, "POST", host))
    }

    private func run(
        _ activity: ScriptPoint.Activity, _ end: String, _ host: String?
    ) async throws -> ScriptReport {
        let name = "\(end)-\(host == nil ? "" : "HOST-")\(activity.rawValue.uppercased())"
        guard let point = ScriptPoint(rawValue: name) else { return ScriptReport() }
        if let host { return try await run(point, host: host) }
        return try await run(point)
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
