// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Certificates
import HTTPTransport
import Logging
import S3

/// The real work of a node: backups, restores, and cleaning up after those cut short.
struct NodeWork: JobWork {
    private let settings: AgentSettings
    private let storage: NodeStorage
    private let secrets: SentSecrets

    init(
        settings: AgentSettings, transport: HTTPTransport, secrets: SentSecrets = SentSecrets(),
        logger: Logger
    ) {
        self.settings = settings
        self.secrets = secrets
        storage = NodeStorage(settings: settings, transport: transport, logger: logger)
    }

    func check(_ request: JobRequest) async throws -> CheckedJob {
        switch request.order {
        case .restore(let order), .restorePlan(let order): try check(order)
        case .backup, .flush, .accept: break
        }
        let configurations = try await configurations(of: request)
        switch request.order {
        case .backup, .flush: _ = try configurations.usable(for: request)
        case .restore, .restorePlan, .accept: break
        }
        return CheckedJob(request: request, configurations: configurations)
    }

    private func configurations(of request: JobRequest) async throws -> [CheckedConfiguration] {
        try await CheckedConfiguration.all(request.configurations, settings, request.storage)
    }

    private func check(_ order: RestoreOrder) throws(WireError) {
        guard !order.configurations.isEmpty else {
            throw WireError(.configuration, node: settings.node, "the job names no configuration")
        }
        // Both become parts of paths.
        do throws(CertificateError) {
            _ = try PeerName(cluster: settings.cluster, role: .node(order.sourceNode))
        } catch {
            throw WireError(.configuration, node: settings.node, error.headline, hint: error.hint)
        }
        for choice in order.configurations where !ConfigurationDirectory.isName(choice.name) {
            throw WireError(
                .configuration, node: settings.node, "'\(choice.name)' is no name of a configuration")
        }
        if let directory = order.directory, !directory.hasPrefix("/") {
            throw WireError(
                .configuration, node: settings.node,
                "'\(directory)' is no absolute path on the node",
                hint: "give '--to' a path that begins with '/'.")
        }
        if let thaw = order.thaw, !thaw.isPossible {
            throw WireError(
                .configuration, node: settings.node,
                "a thaw for \(thaw.days) days cannot be asked for: from \(ThawOrder.dayRange.lowerBound) to "
                    + "\(ThawOrder.dayRange.upperBound) can, and a deadline above 0")
        }
    }

    func run(_ job: CheckedJob, reporter: JobReporter) async throws -> JobResult {
        let request = job.request
        let configurations = try await patient(job)
        switch request.order {
        case .backup(let order):
            return try await BackupJob(
                settings: settings, storage: storage, request: request, order: order, reporter: reporter
            ).run(configurations)
        case .flush:
            return try await FlushJob(
                settings: settings, storage: storage, request: request, reporter: reporter
            ).run(configurations)
        case .accept(let order):
            return try await AcceptJob(
                settings: settings, storage: storage, request: request, order: order, reporter: reporter
            ).run(configurations)
        case .restore(let order):
            defer { secrets.forget(request.id) }
            return try await RestoreJob(
                settings: settings, storage: storage, request: request, order: order, reporter: reporter,
                secrets: secrets
            ).run(configurations)
        case .restorePlan(let order):
            defer { secrets.forget(request.id) }
            return try await RestoreJob(
                settings: settings, storage: storage, request: request, order: order, reporter: reporter,
                secrets: secrets
            ).plan(configurations)
        }
    }

    /// Whoever asked for the job waited for a short look; a disk that has to start, or an automount, gets another.
    private func patient(_ job: CheckedJob) async throws -> [CheckedConfiguration] {
        if let found = job.configurations, !found.contains(where: \.isAnySilent) { return found }
        let request = job.request
        return try await CheckedConfiguration.all(
            request.configurations, settings, request.storage, isPatient: true)
    }

    /// The slot's reservation needs nothing here: the run gives it back itself, and one of a process that died does
    /// not count, neither for Amanda nor for us.
    func cleanUp(after request: JobRequest) async throws {
        let configurations = try await configurations(of: request)
        await removeUnfinishedChunks(of: request, configurations)
        let clients = BucketClients(
            storage, request, stores: configurations.stores, outage: .seconds(60))
        let logger = storage.logger.of(request)
        try await OwnUploads(stateDirectory: settings.stateDirectory, request: request)
            .abortPending(logger: logger) { try clients.client(holding: $0, in: $1) }
    }

    /// What a dump to a holding disk leaves there when its agent is killed. Only of the job's own run: what stock Amanda or
    /// another run writes there is none of our business.
    private func removeUnfinishedChunks(
        of request: JobRequest, _ configurations: [CheckedConfiguration]
    ) async {
        switch request.order {
        case .backup, .flush: break
        case .restore, .restorePlan, .accept: return
        }
        do {
            let removed = try await runBlocking("holding") {
                try configurations.compactMap { try? $0.loaded.get() }.flatMap { loaded in
                    try HoldingDisks(loaded.configuration.holdingDisks).removeLeftovers { $0 == request.run }
                }
            }
            for path in removed {
                storage.logger.of(request).notice(
                    "what an unfinished dump left is removed", metadata: ["path": "\(path)"])
            }
        } catch {
            storage.logger.of(request).warning(
                "chunks of unfinished dumps stay", metadata: ["reason": "\(error)"])
        }
    }
}
