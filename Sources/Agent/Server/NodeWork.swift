// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Certificates
import HTTPTransport
import Logging
import S3

/// The real work of a node: backups, restores, and cleaning up after those cut short.
struct NodeWork: JobWork {
    private let settings: AgentSettings
    private let storage: NodeStorage
    private let logger: Logger

    init(settings: AgentSettings, transport: HTTPTransport, logger: Logger) {
        self.settings = settings
        self.logger = logger
        storage = NodeStorage(settings: settings, transport: transport)
    }

    func check(_ request: JobRequest) async throws {
        switch request.order {
        case .backup(let order):
            _ = try await BackupPreparation(settings: settings).prepare(request, order.configurations)
        case .flush(let order):
            _ = try await BackupPreparation(settings: settings).prepare(request, order.configurations)
        case .restore(let order):
            try check(order)
        }
    }

    private func check(_ order: RestoreOrder) throws(WireError) {
        guard !order.configurations.isEmpty else {
            throw WireError(.configuration, node: settings.node, "the job names no configuration")
        }
        // Both become parts of paths.
        do throws(CertificateError) {
            _ = try PeerName(cluster: settings.cluster, role: .node(order.sourceNode))
        } catch {
            throw WireError(.configuration, node: settings.node, text: "\(error)")
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

    func run(_ request: JobRequest, reporter: JobReporter) async throws -> JobResult {
        switch request.order {
        case .backup(let order):
            try await BackupJob(
                settings: settings, storage: storage, request: request, order: order, reporter: reporter
            ).run()
        case .flush(let order):
            try await FlushJob(
                settings: settings, storage: storage, request: request, order: order, reporter: reporter
            ).run()
        case .restore(let order):
            try await RestoreJob(
                settings: settings, storage: storage, request: request, order: order, reporter: reporter
            ).run()
        }
    }

    /// The slot's reservation needs nothing here: the run gives it back itself, and one of a process that died does
    /// not count, neither for Amanda nor for us.
    func cleanUp(after request: JobRequest) async throws {
        let clients = BucketClients(
            storage, request, stores: storage.stores(of: request.configurations, request.storage),
            outage: .seconds(60))
        try await OwnUploads(stateDirectory: settings.stateDirectory, request: request).abortPending {
            try clients.client(holding: $0.key, in: $0.bucket)
        }
    }
}
