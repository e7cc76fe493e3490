// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files

/// Looks at configurations as a backup would, and at whether the self-backup would bring them back.
struct ConfigurationCheck: Sendable {
    let settings: AgentSettings
    let storage: StorageAddress

    func statuses(of choices: [ConfigurationChoice]) async throws -> [ConfigurationStatus] {
        return try await runBlocking("status") {
            let loaded = choices.map { choice in
                (choice: choice, result: Result { try load(choice) })
            }
            let selfBacked = loaded.filter { $0.choice.role == .selfBackup }
                .compactMap { try? $0.result.get() }.flatMap(\.disklist.activeEntries).map(\.directory)
            return loaded.map { choice, result in
                status(
                    of: choice, result, coverage: SelfBackupCoverage(directories: selfBacked)
                )
            }
        }
    }

    private func load(_ choice: ConfigurationChoice) throws -> LoadedConfiguration {
        try ConfigurationDirectory(root: settings.amandaDirectory, name: choice.name).load()
    }

    private func status(
        of choice: ConfigurationChoice, _ result: Result<LoadedConfiguration, any Error>,
        coverage: SelfBackupCoverage
    ) -> ConfigurationStatus {
        var status = ConfigurationStatus(name: choice.name, role: choice.role)
        do {
            let loaded = try result.get()
            let entries = loaded.disklist.activeEntries
            status.disks = entries.map(\.diskName)
            status.remarks = loaded.warnings + missingDirectories(entries)
            status.outsideSelfBackup = coverage.outside(loaded)
            status.secretsReadable = coverage.readableSecrets(loaded)
            try fillNewest(loaded, &status)
            let contents = try HoldingDisks(loaded.configuration.holdingDisks).contents()
            status.held = contents.dumps.map(HeldDumpRecord.init)
            status.flushesByItself = loaded.configuration.autoflush != "NO"
            try loaded.disklist.requireSupported(
                configuration: loaded.configuration,
                ownNames: HostNames.own(node: settings.node, covering: entries.map(\.host)))
            guard !entries.isEmpty else {
                throw WireError(
                    .configuration, node: settings.node,
                    "\(loaded.configuration.disklistPath): no disk to dump")
            }
            let changer = try loaded.configuration.changer()
            status.remarks += try VolumePlace.remarks(
                on: changer, of: choice, storage: storage, node: settings.node)
            status.remarks += try VolumeStore(changer, storage: storage, node: settings.node).remarks
        } catch {
            status.error = WireError(cause: error, node: settings.node)
        }
        return status
    }

    private func missingDirectories(_ entries: [DisklistEntry]) -> [String] {
        entries.filter { !FileSystem.isDirectory($0.directory) }.map {
            "\($0.place): '\($0.directory)' does not exist now"
        }
    }

    private func fillNewest(_ loaded: LoadedConfiguration, _ status: inout ConfigurationStatus) throws {
        let reader = CatalogReader(loaded.location)
        guard let newest = try reader.newestRun() else { return }
        status.newestRun = newest
        status.newestLabel = try reader.tapelist().entries.first { $0.datestamp == newest }?.label
    }
}
