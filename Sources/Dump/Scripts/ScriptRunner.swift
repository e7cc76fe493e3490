// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
import ChildProcess
public import Files
public import LogOutput
public import Logging

/// How long one call of a script may take.
public struct ScriptLimits: Sendable, Equatable {
    /// `ctimeout`, at the points of a check.
    var check: Duration
    /// `etimeout`, at the points of an estimate; a negative one counts without its sign.
    var estimate: Duration
    /// `dtimeout`, at all other points.
    public var dump: Duration
    /// A script that closes something gets no more than this once the run has been cancelled.
    var afterCancellation = Duration.seconds(300)

    /// Amanda's defaults.
    public init(checkSeconds: Int = 30, estimateSeconds: Int = 300, dumpSeconds: Int = 1800) {
        check = .seconds(checkSeconds)
        estimate = .seconds(abs(estimateSeconds))
        dump = .seconds(dumpSeconds)
    }

    func limit(of activity: ScriptPoint.Activity) -> Duration {
        switch activity {
        case .amcheck: check
        case .estimate: estimate
        case .backup, .recover: dump
        }
    }
}

/// Runs the script-tools of a configuration.
///
/// Every script of a point runs, whatever became of those before it (as with stock Amanda). Scripts that close something
/// (`post-…`) run to their end also when the task has been cancelled: a frozen database must be thawed.
public struct ScriptRunner: Sendable {
    /// What runs when.
    public let schedule: ScriptSchedule
    private let configuration: String
    private let datestamp: Datestamp
    private let program: ScriptProgram
    private let limits: ScriptLimits
    private let logger: Logger
    private let report: @Sendable (ScriptReport) async -> Void

    /// Amanda's directory of plugins on Debian.
    public static let applicationDirectory = "/usr/lib/amanda/application"
    /// For `support`, which every script answers at once.
    private static let supportLimit = Duration.seconds(30)

    /// - Parameters:
    ///   - configuration: its name.
    ///   - datestamp: of the run.
    ///   - account: the configuration's `dumpuser`.
    ///   - report: gets what the scripts of every point have said, also where the run has been cancelled.
    public init(
        _ schedule: ScriptSchedule, configuration: String, datestamp: Datestamp, account: UserAccount,
        limits: ScriptLimits, directory: String = ScriptRunner.applicationDirectory,
        logger: Logger = .discarding,
        report: @escaping @Sendable (ScriptReport) async -> Void = { _ in }
    ) {
        self.schedule = schedule
        self.configuration = configuration
        self.datestamp = datestamp
        program = ScriptProgram(directory: directory, account: account)
        self.limits = limits
        self.logger = logger
        self.report = report
    }

    /// Why a script cannot be started at all; nil: it can. Nothing is run.
    public static func fault(
        of script: ScriptTool, as account: UserAccount, directory: String = ScriptRunner.applicationDirectory
    ) -> ScriptError? {
        do throws(ScriptError) {
            _ = try ScriptProgram(directory: directory, account: account).command(script, [])
            return nil
        } catch {
            return error
        }
    }

    /// At a point of the whole run: a failure concerns every disk.
    ///
    /// - Throws: `CancellationError`, except at points that close something.
    public func run(_ point: ScriptPoint) async throws -> ScriptReport {
        try await run(schedule.executions(point), point)
    }

    /// At a point of one host: a failure concerns every disk of it, as a failed `pre-host-estimate` does in Amanda.
    ///
    /// - Throws: `CancellationError`, except at points that close something.
    public func run(
        _ point: ScriptPoint, host: String, levels: (DisklistEntry) -> [Int] = { _ in [] }
    ) async throws -> ScriptReport {
        try await run(schedule.executions(point, host: host, levels: levels), point)
    }

    /// At a point of one disk: a failure concerns that disk.
    ///
    /// - Throws: `CancellationError`, except at points that close something.
    public func run(
        _ point: ScriptPoint, _ entry: DisklistEntry, levels: [Int] = []
    ) async throws -> ScriptReport {
        try await run(schedule.executions(point, entry, levels: levels), point)
    }

    private func run(_ executions: [ScriptExecution], _ point: ScriptPoint) async throws -> ScriptReport {
        guard !executions.isEmpty else { return ScriptReport() }
        guard point.isPost else { return try await runAll(executions, limits.limit(of: point.activity)) }
        var limit = limits.limit(of: point.activity)
        if Task.isCancelled { limit = min(limit, limits.afterCancellation) }
        // Outlives the cancellation that may have brought us here.
        return try await Task { [limit] in try await runAll(executions, limit) }.value
    }

    private func runAll(_ executions: [ScriptExecution], _ limit: Duration) async throws -> ScriptReport {
        var all = ScriptReport()
        do {
            for execution in executions { try await run(execution, limit, into: &all) }
        } catch {
            await report(all)
            throw error
        }
        await report(all)
        return all
    }

    private func run(
        _ execution: ScriptExecution, _ limit: Duration, into all: inout ScriptReport
    ) async throws {
        let script = execution.script
        do {
            try Task.checkCancellation()
            let answer = try await call(script, ["support"], limit: min(limit, Self.supportLimit))
            if let failure = answer.failure(of: execution) { throw failure }
            let support = ScriptSupport(parsing: answer.output.joined(separator: "\n"))
            let arguments = execution.arguments(
                configuration: configuration, datestamp: datestamp, support: support)
            let run = try await call(script, arguments, limit: limit)
            all.take(run, of: execution)
        } catch let error as ScriptError {
            all.failures.append(error)
        } catch let error as ChildProcessError {
            all.failures.append(.cannotStart(script: script.name, reason: FaultText(of: error)))
        } catch let error as HangFault {
            all.failures.append(.cannotStart(script: script.name, reason: FaultText(of: error)))
        } catch let error as ThreadShortage {
            all.failures.append(.cannotStart(script: script.name, reason: FaultText(of: error)))
        }
    }

    private func call(
        _ script: ScriptTool, _ arguments: [String], limit: Duration
    ) async throws -> ScriptProcess.Run {
        let command = try await runBlocking("script", asking: ["\(program.directory)/\(script.plugin)"]) {
            [program] in try program.command(script, arguments)
        }
        return try await ScriptProcess.run(command, limit: limit, logger: logger)
    }
}
