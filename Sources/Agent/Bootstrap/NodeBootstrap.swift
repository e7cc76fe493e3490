// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files
import Glibc
import HTTPTransport
import LogOutput
public import Logging
import S3

/// `amfleetd bootstrap`: an empty machine and its old name become that node's Amanda server again, without a coordinator.
///
/// The newest whole self-backup is found by headers and put back as a restore in place does it; sealed keys follow; then the catalogs
/// learn of what the volumes bear beyond them. Each step, done again, does no harm, and one that was cut short is gone on with.
public struct NodeBootstrap: Sendable {
    let order: BootstrapOrder
    let settings: AgentSettings
    let logger: Logger
    /// What an operator is told while it runs.
    let say: @Sendable (String) -> Void

    public init(
        _ order: BootstrapOrder, logger: Logger, say: @escaping @Sendable (_ line: String) -> Void
    ) {
        self.order = order
        self.logger = logger
        self.say = say
        settings = AgentSettings(
            node: order.node, cluster: order.kit?.cluster ?? "bootstrap",
            listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(authority: "", certificate: "", privateKey: ""),
            storage: .init(
                credentialsFile: order.credentialsFile, authority: order.storageAuthority,
                addressing: order.storage.addressing),
            amandaDirectory: RestoreTarget.trimmed(order.amandaDirectory),
            stateDirectory: order.stateDirectory)
    }

    /// - Throws: what keeps it from putting the self-backup back; nothing of it is in place then. What fails later is in the report.
    public func run() async throws -> BootstrapReport {
        let userID = UserAccount.effectiveUserID
        guard userID == 0 else { throw AgentStartError.notRoot(userID: userID) }
        signal(SIGPIPE, SIG_IGN)
        // Whoever else restores or backs up here does it with the agent. A look leaves nothing behind.
        let lock = try await runBlocking("start") { [settings, order] in
            order.isDryRun ? nil : try StateLock(stateDirectory: settings.stateDirectory)
        }
        defer { withExtendedLifetime(lock) {} }
        let transport = try HTTPTransport()
        do {
            let report = try await run(NodeStorage(settings: settings, transport: transport, logger: logger))
            await transport.shutdown()
            return report
        } catch {
            await transport.shutdown()
            throw hinted(error)
        }
    }

    /// There is no settings file yet that a hint could name.
    private func hinted(_ error: any Error) -> any Error {
        guard let error = error as? S3Error else { return error }
        var fault = WireError(cause: error, node: order.node)
        switch error {
        case .noCredentials:
            fault.hint =
                "name a file with '--credentials-file', or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: what is sealed in the "
                + "bucket can only be fetched with some."
        case .untrusted(_, reason: _, isOurs: false):
            fault.hint =
                "name with '--storage-authority FILE' the PEM file of the authority that issued the store's certificate; a store that "
                + "speaks plain http is named with '--endpoint http://HOST:PORT'."
        case .unreachable:
            fault.hint =
                "a store that is not AWS is named with '--endpoint', as the recovery kit has it; else see that it runs, and the network "
                + "between here and there."
        default: return error
        }
        return fault
    }

    private func run(_ storage: NodeStorage) async throws -> BootstrapReport {
        let clients = BucketClients(storage, at: order.storage, stores: [:])
        let found = try await SelfBackupFinder(order: order, clients: clients).find()
        var report = BootstrapReport(order, selfBackup: found.configuration.name, run: found.run.run)
        report.passedOver = found.passedOver
        report.remarks = found.remarks
        for reason in found.passedOver { say("passed over: \(reason)") }
        say("self-backup '\(report.selfBackup)' of run \(report.run), found by its headers")
        let secrets = try await BootstrapSecretsSearch(order: order, clients: clients).look(run: report.run)
        report.secrets = secrets.report
        for line in secrets.report.foretold { say(line) }
        try await putBack(found, secrets.order, &report, storage)
        guard !order.isDryRun, report.disks.allSatisfy({ $0.error == nil }) else {
            report.next = BootstrapAdvice(order: order, report: report).commands(before: found)
            return report
        }
        let hosts = try await adopt()
        report.configurations = try await BootstrapCatalogs(
            order: order, settings: settings, storage: storage, logger: logger
        ).complete(selfBackup: report.selfBackup)
        for outcome in hosts {
            guard let index = report.configurations.firstIndex(where: { $0.name == outcome.configuration })
            else { continue }
            report.configurations[index].foreignHosts = order.adopts ? [] : outcome.hosts
            report.configurations[index].notes += outcome.notes
            if let fault = outcome.fault { report.configurations[index].faults.append(fault) }
        }
        report.next = BootstrapAdvice(order: order, report: report).commands
        return report
    }

    /// What shows its damage only when it is read leaves the one before it.
    private func hinted(
        _ disk: RestoreReport.Disk, after found: SelfBackupFinder.Found
    ) -> RestoreReport.Disk {
        guard let error = disk.error, error.kind == .damaged else { return disk }
        var disk = disk
        disk.error?.hint =
            found.runBefore.map { "'--at \($0)' takes the self-backup before it." }
            ?? "no older self-backup is whole: '--configuration NAME' takes another configuration's."
        return disk
    }

    private func adopt() async throws -> [HostAdoption.Outcome] {
        let adoption = HostAdoption(settings: settings)
        return try await runBlocking("adoption", asking: [settings.amandaDirectory]) { [order, settings] in
            let names = ConfigurationDirectory.all(in: settings.amandaDirectory)
            return order.adopts ? adoption.adopt(names) : adoption.look(at: names)
        }
    }

    /// Unless an earlier call has done it, and nobody has touched it since: then only what is sealed.
    private func putBack(
        _ found: SelfBackupFinder.Found, _ sealed: SecretsOrder?, _ report: inout BootstrapReport,
        _ storage: NodeStorage
    ) async throws {
        let (name, run) = (found.configuration.name, found.run.run)
        let restore = try await BootstrapRestore(
            order: order, settings: settings, storage: storage, secrets: order.isDryRun ? nil : sealed,
            logger: logger)
        if order.isDryRun, let sealed {
            report.secrets = try await runBlocking("secrets") {
                [settings, order, secrets = report.secrets] in
                var planned = secrets ?? BootstrapSecrets()
                planned.plan(
                    sealed.allFiles, at: SecretPlaces(settings, dumpusers: [], accepted: order.acceptedKeys))
                return planned
            }
        }
        report.isAlreadyBack = try await runBlocking("bootstrap") { [order] in
            guard let mark = BootstrapMark.read(order.stateDirectory),
                let now = BootstrapMark(order, configuration: name, run: run)
            else { return false }
            return mark.holds(now)
        }
        if report.isAlreadyBack, !order.overwrites {
            say("it is back already")
            if let outcomes = try await restore.runSecrets(found) {
                report.secrets?.add(outcomes, node: order.node)
            }
            return
        }
        if order.isDryRun {
            report.disks = try await restore.plan(found)
            return
        }
        let restored = try await restore.run(found)
        report.disks = restored.disks.map { hinted($0, after: found) }
        if let outcomes = restored.secrets { report.secrets?.add(outcomes, node: order.node) }
        guard report.disks.allSatisfy({ $0.error == nil }) else { return }
        for disk in report.disks {
            say("\(disk.disk) is back in \(disk.target), \(Quantity.bytes(disk.restoredBytes))")
        }
        try await runBlocking("bootstrap") { [order] in
            try BootstrapMark(order, configuration: name, run: run)?.write(order.stateDirectory)
        }
    }
}
