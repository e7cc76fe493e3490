// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import BlockingWork
import Coordinator
import Dispatch
import Glibc
import LogOutput
import Logging
import Synchronization

/// Options of every command.
struct CommonOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "The cluster's settings (default: ./cluster.json, then /etc/amfleet/cluster.json).",
            valueName: "file"))
    var cluster: String?

    @Flag(help: "Write one JSON document to standard output instead of text.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Tell on standard error how it goes, from this level on: \(Logger.Level.names).",
            valueName: "level"))
    var logLevel: Logger.Level?

    /// Without the flag nothing is logged: what an operator must know is said anyway.
    var logger: Logger {
        guard let logLevel else { return .discarding }
        return LogOutput(limitedBy: "node").logger("amfleet", level: logLevel)
    }

    /// Where progress is shown.
    var console: Console { logLevel == nil ? Terminal.console : Terminal.plainConsole }
}

/// A command: flags in, a report out.
protocol Verb: AsyncParsableCommand, Sendable {
    var common: CommonOptions { get }

    /// What its JSON calls it.
    static var documentName: String { get }

    func report() async throws -> any CommandReport
}

extension Verb {
    static var documentName: String { configuration.commandName ?? "amfleet" }

    func run() async throws {
        let code = await Interruptible.run { await output() }
        throw ArgumentParser.ExitCode(code.rawValue)
    }

    /// The cluster that `--cluster` names, for the length of `work`.
    func withCluster(
        _ work: (Cluster) async throws -> any CommandReport
    ) async throws -> any CommandReport {
        let console = common.console
        let cluster = try await runBlocking("cluster") { [file = common.cluster, logger = common.logger] in
            try Cluster(ClusterFile.load(file), console: console, logger: logger)
        }
        do {
            let report = try await work(cluster)
            await cluster.close()
            return report
        } catch {
            await cluster.close()
            throw error
        }
    }

    private func output() async -> ExitCode {
        let name = Self.documentName
        let logger = common.logger
        logger.info("\(name) begins", metadata: ["version": "\(AmfleetVersion.current)"])
        do {
            let report = try await report()
            await Terminal.finishConsole()
            try write(report, name)
            await Terminal.finishConsole()
            let code = ExitCode(report.ending)
            logger.info("\(name) ended", metadata: ["exit": "\(code.rawValue)"])
            return code
        } catch {
            let failure = FailureReport(error)
            logger.info("\(name) failed", metadata: ["exit": "\(ExitCode(failure.ending).rawValue)"])
            await Terminal.conclude(failure.lines(after: "amfleet: "))
            if common.json, !(error is OutputFault) { try? write(failure, name) }
            return ExitCode(failure.ending)
        }
    }

    /// - Throws: `OutputFault`.
    private func write(_ report: any CommandReport, _ name: String) throws {
        let fault =
            if common.json {
                Terminal.standardOutput.write(document: try report.document(command: name))
            } else if report is FailureReport {
                OutputFault?.none
            } else {
                Terminal.standardOutput.write(lines: report.lines)
            }
        if let fault { throw fault }
    }
}

/// Ctrl-C and SIGTERM cancel the work, which then cleans up everywhere; a second Ctrl-C does not wait for that.
enum Interruptible {
    static func run(_ work: @escaping @Sendable () async -> ExitCode) async -> ExitCode {
        let task = Task { await work() }
        let count = SignalCount()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if count.increase() > 1 { _exit(ExitCode.cancelled.rawValue) }
                task.cancel()
            }
            source.activate()
            return source
        }
        let code = await task.value
        for source in sources { source.cancel() }
        return code
    }
}

private final class SignalCount: Sendable {
    private let count = Mutex(0)

    func increase() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
