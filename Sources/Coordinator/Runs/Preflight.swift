// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import FoundationEssentials
import LogOutput
import Logging
import S3

/// What every agent and the store said before anything begins.
struct Preflight: Sendable {
    let statuses: [NodeOutcome<NodeStatus>]
    /// Why the coordinator itself cannot use the store; nil where it can.
    let storageError: WireError?
    /// The prefix is another cluster's.
    let foreignPrefix: CoordinatorError?
    /// There is no such bucket: every node's volumes then seem to lie elsewhere, which is no fault of theirs.
    var isBucketMissing = false

    /// The first reason not to begin, in the order of the exit codes: 2, 5, 6.
    ///
    /// Another cluster's prefix, though a matter of settings, comes after the agents' refusal: a coordinator with
    /// another cluster's certificate meets both, and the certificate is the cause.
    ///
    /// An agent that does not answer is none: the others' data is worth a run without it. Nor is a node whose own
    /// credentials are refused: it fails, and is named. Nor is an answer that concerns no more than the look itself.
    func refusal() -> CoordinatorError? {
        if isBucketMissing, let storageError { return .storage(storageError) }
        let misconfigured = misconfigurations
        if !misconfigured.isEmpty { return .nodesMisconfigured(misconfigured) }
        let refused = statuses.flatMap(\.faults).filter { $0.kind == .authentication }
        if !refused.isEmpty { return .agentsRefused(refused) }
        if let foreignPrefix { return foreignPrefix }
        if let storageError { return .storage(storageError) }
        let unstored = statuses.compactMap { outcome in outcome.report?.storageError?.on(outcome.node) }
            .filter { $0.reach == .wholeStore }
        guard unstored.count == statuses.count, let first = unstored.first else { return nil }
        return .storage(first)
    }

    /// Jobs that run already.
    var runningJobs: [WireError] {
        statuses.compactMap { outcome in
            outcome.report?.runningJob.map { job in
                WireError(.busy, node: outcome.node, "job '\(job)' is running", runningJob: job)
            }
        }
    }

    /// Newest runs that the nodes' catalogs know.
    var newestRuns: [RunName] {
        statuses.compactMap(\.report).flatMap(\.configurations).compactMap(\.newestRun)
    }

    /// Whose dumps lie on holding disks, each run once.
    var heldRuns: [RunName] {
        Array(
            Set(statuses.compactMap(\.report).flatMap(\.configurations).flatMap { $0.held ?? [] }.map(\.run)))
    }

    private var misconfigurations: [WireError] {
        statuses.flatMap { outcome in
            (outcome.report?.configurations ?? []).flatMap { configuration in
                configuration.faults.filter { $0.kind == .configuration || $0.kind == .unsupported }
                    .map { $0.on(outcome.node).at(node: outcome.node, configuration: configuration.name) }
            }
        }
    }
}

extension Preflight {
    /// The store must have answered by then, so that an absent one is told within a minute.
    static let storeLimit: Duration = .seconds(45)

    /// As `of`, for what may begin.
    ///
    /// - Throws: why it may not.
    static func passed(
        _ cluster: Cluster, nodes: [String], configurations: [ConfigurationChoice]?
    ) async throws -> Preflight {
        let preflight = try await of(cluster, nodes: nodes, configurations: configurations)
        preflight.tell(cluster.logger.with(["stage": "preflight"]))
        if let refusal = preflight.refusal() { throw refusal }
        return preflight
    }

    private func tell(_ logger: Logger) {
        for outcome in statuses {
            var metadata: Logger.Metadata = ["node": "\(outcome.node)"]
            guard let status = outcome.report else {
                metadata["reason"] = "\(outcome.error?.message ?? "unknown")"
                logger.info("the agent gave no status", metadata: metadata)
                continue
            }
            metadata["version"] = "\(status.version)"
            metadata["runningJob"] = status.runningJob.map { "\($0)" }
            metadata["storageError"] = status.storageError.map { "\($0.message)" }
            logger.info("the agent gave its status", metadata: metadata)
            for configuration in status.configurations {
                guard let error = configuration.error else { continue }
                logger.info(
                    "the agent refuses a configuration",
                    metadata: [
                        "node": "\(outcome.node)", "configuration": "\(configuration.name)",
                        "reason": "\(error.message)",
                    ])
            }
        }
        let fault = storageError?.message ?? foreignPrefix.map { "\($0)" }
        logger.info(
            fault == nil ? "the store answers" : "the store cannot be used",
            metadata: fault.map { ["reason": "\($0)"] })
    }

    /// Newer than every run in the bucket and in the nodes' catalogs; but what whoever may write there has put into a far future
    /// moves nobody.
    func newRun(of cluster: Cluster) async throws -> RunName {
        let stored = try await cluster.bucket.runs()
        let possible = RunNaming.possible(stored, at: cluster.bucket.client.storeTime)
        for run in stored.suffix(stored.count - possible.count) {
            cluster.console.say("run \(run) in the bucket is later than the store's clock: it is left alone")
        }
        return try RunNaming.name(at: LocalTime(Date()), newerThan: possible + newestRuns)
    }

    /// Asks every agent and the store at the same time.
    ///
    /// - Parameter configurations: what the agents shall look at; nil: only themselves, as before a restore onto an
    ///   empty machine.
    static func of(
        _ cluster: Cluster, nodes: [String], configurations: [ConfigurationChoice]?
    ) async throws -> Preflight {
        let question = configurations.map {
            StatusQuestion(storage: cluster.settings.storage.address, configurations: $0)
        }
        async let store = storeFault(cluster)
        let statuses = try await onEveryNode(nodes) { node in try await cluster.agent(node).status(question) }
        let fault = try await store
        guard let error = fault as? CoordinatorError else {
            return Preflight(
                statuses: statuses, storageError: fault.map { WireError(of: $0) }, foreignPrefix: nil,
                isBucketMissing: (fault as? S3Error)?.isMissingBucket == true)
        }
        return Preflight(statuses: statuses, storageError: nil, foreignPrefix: error)
    }

    /// - Throws: `CancellationError` only.
    private static func storeFault(_ cluster: Cluster) async throws -> (any Error)? {
        do {
            let checked: Void? = try await withTimeLimit(storeLimit) {
                _ = try await cluster.clusterGuard(cluster.impatientBucket).check()
            }
            if checked != nil { return nil }
            return WireError(
                .storageUnreachable,
                "the store at \(cluster.storeName) did not answer within \(storeLimit.components.seconds) s",
                hint: "check 'storage.endpoint' in cluster.json, the network, and that the store runs.")
        } catch {
            try Task.checkCancellation()
            return error
        }
    }
}

extension S3Error {
    fileprivate var isMissingBucket: Bool {
        if case .noSuchBucket = self { true } else { false }
    }
}
