// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Dump
import Logging
import Planning

/// The script-tools of one configuration's part of a run.
struct RunScripts: Sendable {
    let runner: ScriptRunner

    /// What was said before any disk's own scripts.
    struct Before: Sendable {
        fileprivate var ofRun = ScriptReport()
        fileprivate var ofHosts: [String: ScriptReport] = [:]

        func report(for entry: DisklistEntry) -> ScriptReport {
            ofHosts[entry.host].map { ofRun + $0 } ?? ofRun
        }
    }

    /// - Parameter disks: those that are to be dumped.
    init(_ prepared: PreparedConfiguration, _ run: Datestamp, _ disks: [DiskName], logger: Logger) {
        let configuration = prepared.configuration
        runner = ScriptRunner(
            ScriptSchedule(entries: prepared.entries.filter { disks.contains($0.name) }),
            configuration: configuration.name, datestamp: run, account: prepared.loaded.dumpuser,
            limits: ScriptLimits(
                checkSeconds: configuration.checkTimeoutSeconds,
                estimateSeconds: configuration.estimateTimeoutSeconds,
                dumpSeconds: configuration.dumpTimeoutSeconds),
            logger: logger)
    }

    /// Does `work` between `pre-backup` and `post-backup`, and those of every host within.
    ///
    /// - Returns: what the scripts after it said.
    func aroundBackup(_ work: (Before) async throws -> Void) async throws -> ScriptReport {
        try await around(.backup, work).after
    }

    /// The same for estimates. What the scripts after it say is of no consequence.
    func aroundEstimate<Result>(_ work: (Before) async throws -> Result) async throws -> Result {
        try await around(.estimate, work).result
    }

    /// Does `work` between `pre-dle-estimate` and `post-dle-estimate` of a disk; not where a script failed before it.
    func estimate(
        _ entry: DisklistEntry, levels: [Int], after before: Before,
        _ work: () async throws -> SizeEstimate
    ) async throws -> SizeEstimate {
        if let failure = before.report(for: entry).failures.first { return .failed("\(failure)") }
        let report = try await runner.run(.preDLEEstimate, entry, levels: levels)
        let result: Swift.Result<SizeEstimate, any Error>
        if let failure = report.failures.first {
            result = .success(.failed("\(failure)"))
        } else {
            do {
                result = .success(try await work())
            } catch {
                result = .failure(error)
            }
        }
        _ = try await runner.run(.postDLEEstimate, entry, levels: levels)
        return try result.get()
    }

    private func around<Result>(
        _ activity: ScriptPoint.Activity, _ work: (Before) async throws -> Result
    ) async throws -> (result: Result, after: ScriptReport) {
        let (inner, after) = try await runner.around(activity) { report in
            try await around(activity, runner.schedule.hosts[...], Before(ofRun: report), work)
        }
        return (inner.result, inner.after + after)
    }

    private func around<Result>(
        _ activity: ScriptPoint.Activity, _ hosts: ArraySlice<String>, _ before: Before,
        _ work: (Before) async throws -> Result
    ) async throws -> (result: Result, after: ScriptReport) {
        guard let host = hosts.first else { return (try await work(before), ScriptReport()) }
        let (inner, after) = try await runner.around(activity, host: host) { report in
            var before = before
            before.ofHosts[host] = report
            return try await around(activity, hosts.dropFirst(), before, work)
        }
        return (inner.result, inner.after + after)
    }
}
