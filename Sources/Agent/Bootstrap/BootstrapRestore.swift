// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Catalog
import Files
import Logging

/// Puts a self-backup back as any restore in place does, by the same code; there is no job that anybody follows.
struct BootstrapRestore: Sendable {
    private static let outageSeconds = 600

    private let settings: AgentSettings
    private let storage: NodeStorage
    private let order: BootstrapOrder
    private let reporter: JobReporter
    /// Opened; nil: nothing is to be put back.
    private let sealed: SecretsOrder?
    private let sent = SentSecrets()

    init(
        order: BootstrapOrder, settings: AgentSettings, storage: NodeStorage, secrets: SecretsOrder?,
        logger: Logger
    ) async throws {
        self.order = order
        sealed = secrets
        self.settings = settings
        self.storage = storage
        // It remembers no job: what this restore has done stands in its ledger, and a look leaves nothing behind.
        let table = try await runBlocking("bootstrap") {
            let scratch =
                order.isDryRun ? try FileSystem.makeTemporaryDirectory(named: "amfleet-bootstrap") : nil
            defer { if let scratch { try? FileSystem.removeTree(scratch) } }
            return try JobTable(
                node: settings.node, cluster: settings.cluster,
                store: JobStore(stateDirectory: scratch ?? "\(settings.stateDirectory)/bootstrap"),
                logger: logger)
        }
        reporter = JobReporter(
            id: Self.id, attempt: 1, board: JobProgressBoard(), table: table, logger: logger)
    }

    private static let id = "bootstrap"

    /// Sealed files come first, as with any restore, and those that the self-backup's configurations have a place for after it.
    func run(_ found: SelfBackupFinder.Found) async throws -> RestoreReport {
        let request = request(found)
        if let sealed { sent.keep(sealed, of: Self.id) }
        var job = RestoreJob(
            settings: settings, storage: storage, request: request, order: restoreOrder(found),
            reporter: reporter, secrets: sent)
        job.isByHeaders = true
        let result = try await job.run(try await configurations(found))
        return result.restore ?? RestoreReport(sourceNode: order.node, run: request.run)
    }

    /// The sealed files alone: an earlier call has put the self-backup back.
    func runSecrets(_ found: SelfBackupFinder.Found) async throws -> [RestoredSecret]? {
        guard let sealed else { return nil }
        let names = try await runBlocking("configurations") { [settings] in
            ConfigurationDirectory.all(in: settings.amandaDirectory)
        }
        let choices = names.map { ConfigurationChoice(name: $0, role: .data) }
        let configurations = try await CheckedConfiguration.all(choices, settings, order.storage)
        return try await RestoreSecrets(
            settings: settings, request: request(found), order: restoreOrder(found), reporter: reporter,
            sent: sent
        ).putBack(sealed.allFiles, configurations)
    }

    /// Looks at all that it would, and writes nothing of it. What keeps the whole restore from beginning is said of each disk.
    func plan(_ found: SelfBackupFinder.Found) async throws -> [RestoreReport.Disk] {
        let request = request(found)
        let configurations = try await configurations(found)
        var planning = try RestorePlanning(
            settings: settings, request: request, order: restoreOrder(found), configurations: configurations,
            clients: BucketClients(storage, request, stores: configurations.stores), reporter: reporter)
        planning.isByHeaders = true
        planning.isDry = true
        planning.say = { _ in }
        let plan = try await planning.plan()
        return plan.missing
            + plan.steps.map { step in
                var disk = RestoreReport.Disk(
                    configuration: step.disk.configuration.name, disk: step.disk.disk,
                    target: step.target.path, restoredBytes: step.expectedBytes ?? 0,
                    notes: step.disk.notes + step.notes)
                disk.error = step.fault ?? plan.refusals.first
                return disk
            }
            + plan.undecided.map {
                RestoreReport.Disk(
                    configuration: $0.configuration.name, disk: $0.disk, target: "",
                    notes: ["the disklist that the self-backup brings says where it goes"])
            }
    }

    private func configurations(_ found: SelfBackupFinder.Found) async throws -> [CheckedConfiguration] {
        try await CheckedConfiguration.all([found.configuration], settings, order.storage, isPatient: true)
    }

    private func restoreOrder(_ found: SelfBackupFinder.Found) -> RestoreOrder {
        var restore = RestoreOrder(
            sourceNode: order.node, configurations: [found.configuration], overwrite: order.overwrites)
        if sealed != nil { restore.awaitsSecrets = true }
        if order.overwritesKeys { restore.overwritesKeys = true }
        if !order.acceptedKeys.isEmpty { restore.acceptedKeys = order.acceptedKeys }
        if order.acceptsSecurityFile { restore.acceptsSecurityFile = true }
        return restore
    }

    private func request(_ found: SelfBackupFinder.Found) -> JobRequest {
        JobRequest(
            id: Self.id, cluster: settings.cluster, node: order.node, run: found.run.run, fence: 0,
            attempt: 1,
            coordinator: "amfleetd bootstrap", storage: order.storage,
            storageOutageSeconds: Self.outageSeconds, order: .restore(restoreOrder(found)))
    }
}
