// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import CivilCalendar
import FoundationEssentials
import LogOutput
import Logging
import S3

/// What every agent and the store said before anything begins. Each node is judged by what it said alone (`NodeFitness`); what
/// stops all is the coordinator's own, or every node's.
struct Preflight: Sendable {
    let statuses: [NodeOutcome<NodeStatus>]
    /// Why the coordinator itself cannot use the store; nil where it can.
    let storageError: WireError?
    /// The prefix is another cluster's.
    let foreignPrefix: CoordinatorError?
    /// There is no such bucket: every node's volumes then seem to lie elsewhere, which is no fault of theirs.
    var isBucketMissing = false
    /// The jobs that run, by node, as far as their agents tell of them.
    var jobs: [String: JobSnapshot] = [:]
    /// The run that is gone on with: its own jobs are in nobody's way.
    var continued: RunName?
    /// Jobs of what is gone on with, by node: they are in nobody's way.
    var ownJobs: [String: String] = [:]
    /// By this machine's clock.
    var now = LocalTime(Date())

    /// Of the nodes that have answered, the ids of the jobs that ran then.
    var runningJobs: [String: String?] {
        statuses.reduce(into: [:]) { jobs, outcome in
            if let status = outcome.report { jobs[outcome.node] = .some(status.runningJob) }
        }
    }

    /// In the order of the nodes.
    var fitness: [NodeFitness] {
        statuses.map {
            NodeFitness(
                $0, job: jobs[$0.node], continuing: continued, own: ownJobs[$0.node],
                latest: RunNaming.latest(at: now))
        }
    }

    /// The first reason not to begin, in the order of the exit codes: 2, 5, 6.
    ///
    /// Another cluster's prefix, though a matter of settings, comes after the agents' refusal: a coordinator with
    /// another cluster's certificate meets both, and the certificate is the cause.
    ///
    /// What single nodes lack is none: they fail, and are named. An agent that does not answer is no reason either: the others'
    /// data is worth a run without it. Nor is an answer that concerns no more than the look itself.
    func refusal() -> CoordinatorError? {
        if isBucketMissing, let storageError { return .storage(storageError) }
        if let all = ofEvery(\.misconfigured) { return .nodesMisconfigured(all) }
        if let all = ofEvery(\.unauthenticated) { return .agentsRefused(all) }
        if let foreignPrefix { return foreignPrefix }
        if let storageError { return .storage(storageError) }
        let unstored = statuses.compactMap { outcome in outcome.report?.storageError?.on(outcome.node) }
            .filter { $0.reach == .wholeStore }
        guard unstored.count == statuses.count, let first = unstored.first else { return nil }
        return .storage(first)
    }

    /// Why nodes get no job, in their order.
    var leftOut: [WireError] { fitness.flatMap(\.reasons) }

    /// The nodes that get a job.
    ///
    /// - Throws: `CoordinatorError` where none does: `jobsRunning` where all are busy.
    func fitNodes() throws(CoordinatorError) -> [String] {
        let fit = fitness.filter(\.isFit).map(\.node)
        guard fit.isEmpty else { return fit }
        if let busy = ofEvery(\.busy) { throw .jobsRunning(busy) }
        throw .noNodeFit(leftOut)
    }

    /// Newest runs that the nodes' catalogs know, but for those further ahead than time zones explain.
    var newestRuns: [RunName] {
        let latest = RunNaming.latest(at: now)
        return statuses.compactMap(\.report).flatMap(\.configurations).compactMap(\.newestRun)
            .filter { $0.civil.secondsSince1970 <= latest }
    }

    /// Runs that one node may say it holds dumps of: a request each, while the cluster is held.
    static let heldRunLimit = 32

    /// Whose dumps lie on holding disks, each run once; of a node the newest. Older ones are looked at in turn (`RunUpkeep`).
    var heldRuns: [RunName] {
        let runs = statuses.compactMap(\.report).flatMap { status in
            Set(status.configurations.flatMap { $0.held ?? [] }.map(\.run)).sorted(by: >)
                .prefix(Self.heldRunLimit)
        }
        return Array(Set(runs))
    }

    /// All of one kind, where no node is without; nil: some is.
    private func ofEvery(_ kind: (NodeFitness) -> [WireError]) -> [WireError]? {
        let found = fitness.map(kind)
        return found.isEmpty || found.contains(where: \.isEmpty) ? nil : found.flatMap(\.self)
    }
}

extension Preflight {
    /// The store must have answered by then, so that an absent one is told within a minute.
    static let storeLimit: Duration = .seconds(45)

    /// As `of`, for what may begin.
    ///
    /// - Throws: why it may not.
    static func passed(
        _ cluster: Cluster, nodes: [String], configurations: [ConfigurationChoice]?,
        continuing run: RunName? = nil
    ) async throws -> Preflight {
        var preflight = try await of(cluster, nodes: nodes, configurations: configurations)
        preflight.continued = run
        preflight.tell(cluster.logger.with(["stage": "preflight"]))
        if let refusal = preflight.refusal() { throw refusal }
        return preflight
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
        let jobs = try await runningJobs(statuses, cluster)
        let fault = try await store
        guard let error = fault as? CoordinatorError else {
            return Preflight(
                statuses: statuses, storageError: fault.map { WireError(of: $0) }, foreignPrefix: nil,
                isBucketMissing: (fault as? S3Error)?.isMissingBucket == true, jobs: jobs)
        }
        return Preflight(statuses: statuses, storageError: nil, foreignPrefix: error, jobs: jobs)
    }

    /// One request more for a busy node; one that does not tell of its job is busy all the same.
    private static func runningJobs(
        _ statuses: [NodeOutcome<NodeStatus>], _ cluster: Cluster
    ) async throws -> [String: JobSnapshot] {
        let ids = Dictionary(
            statuses.compactMap { outcome in outcome.report?.runningJob.map { (outcome.node, $0) } }
        ) { first, _ in first }
        let jobs = try await onEveryNode(ids.keys.sorted()) { node in
            try await cluster.agent(node).job(ids[node] ?? "")
        }
        return jobs.reduce(into: [:]) { $0[$1.node] = $1.report.flatMap(\.self) }
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
