// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Logging
import ServiceLifecycle

/// Runs the jobs that the table accepts, whether or not anybody listens, and cleans up after those cut short.
///
/// On graceful shutdown every running job is told to end as `interrupted`; `run` returns when their uploads are
/// aborted.
struct JobRunner: Service {
    let table: JobTable
    let work: any JobWork
    let logger: Logger
    /// How long to wait before cleaning up is tried again; after each further failure twice as long.
    var cleanUpRetryDelay: Duration = .seconds(30)

    /// A store may be gone for good, and the leftovers of many jobs wait for it: then it is asked no more often.
    static let longestCleanUpDelay = Duration.seconds(3600)

    /// - Parameter failures: at least one.
    static func cleanUpDelay(after failures: Int, first: Duration) -> Duration {
        min(first * (1 << min(max(failures, 1) - 1, 20)), longestCleanUpDelay)
    }

    func run() async throws {
        let leftovers = await table.leftovers
        await withDiscardingTaskGroup { group in
            group.addTask { await tick() }
            for request in leftovers { group.addTask { await cleanUp(after: request, untilDone: true) } }
            for await job in table.accepted.cancelOnGracefulShutdown() {
                group.addTask { await run(job) }
            }
            await table.stopAll()
            group.cancelAll()
        }
    }

    private func tick() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { await table.tick() }
    }

    private func run(_ job: CheckedJob) async {
        let request = job.request
        do {
            guard let (reporter, stop) = try await table.begin(request.id) else { return }
            let outcome = await outcome(of: job, reporter: reporter, stop: stop)
            // Only the agent's end cancels this task, and its work may be back before the jobs are told.
            if Task.isCancelled { await table.stopAll() }
            if case .failure = outcome {
                // Outlives the cancellation that brought us here; whoever waits for the end may rely on it.
                await Task { await cleanUp(after: request, untilDone: false) }.value
            }
            await table.finish(request.id, with: outcome)
            // A run whose store went away has succeeded where its dumps are held, and could abort nothing.
            if case .success = outcome { await cleanUp(after: request, untilDone: true) }
        } catch {
            await table.finish(request.id, with: .failure(error))
        }
    }

    /// The work, cancelled as soon as `stop` has a value or this task is cancelled.
    private func outcome(
        of job: CheckedJob, reporter: JobReporter, stop: AsyncStream<Void>
    ) async -> Result<JobResult, any Error> {
        await withTaskGroup(of: Result<JobResult, any Error>?.self) { group in
            group.addTask {
                do {
                    return .success(try await work.run(job, reporter: reporter))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                for await _ in stop { break }
                return nil
            }
            var outcome: Result<JobResult, any Error>?
            for await end in group {
                outcome = end ?? outcome
                group.cancelAll()
            }
            return outcome ?? .failure(CancellationError())
        }
    }

    /// - Parameter untilDone: try again until it succeeds; otherwise the next start of the agent does.
    private func cleanUp(after request: JobRequest, untilDone: Bool) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await work.cleanUp(after: request)
                logger.of(request).debug("the job has left nothing behind in the store")
                return
            } catch {
                logger.of(request).warning(
                    "the job's leftovers stay for now", metadata: ["reason": "\(error)"])
            }
            failures += 1
            let delay = Self.cleanUpDelay(after: failures, first: cleanUpRetryDelay)
            guard untilDone, (try? await Task.sleep(for: delay)) != nil else { return }
        }
    }
}
