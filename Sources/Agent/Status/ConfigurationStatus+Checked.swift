// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Faults

extension ConfigurationStatus {
    /// What checked configurations come to, and whether the self-backup among them would bring them back.
    static func all(
        of configurations: [CheckedConfiguration], _ settings: AgentSettings
    ) async throws -> [ConfigurationStatus] {
        let refusals = try await DisklistRestore(settings: settings).faults(of: configurations)
        return try await runBlocking("status") {
            let coverage = SelfBackupCoverage(configurations)
            let files = configurations.selfBackupFiles(settings)
            return configurations.map { configuration in
                var status = ConfigurationStatus(configuration, coverage)
                status.selfBackupFiles = files[configuration.choice.name]
                let own = refusals.filter { $0.configuration == configuration.choice.name }
                let errors = own.filter { !$0.isBesideAnother }.map(\.fault)
                if !errors.isEmpty { status.restoreErrors = errors }
                status.allRemarks += own.filter(\.isBesideAnother).map { Remark($0.text) }
                return status.bounded
            }
        }
    }

    private init(_ checked: CheckedConfiguration, _ coverage: SelfBackupCoverage) {
        self.init(name: checked.choice.name, role: checked.choice.role)
        allRemarks = checked.remarks + checked.holes.remarks()
        faults = checked.faults
        if !checked.diskFaults.isEmpty { diskErrors = checked.diskFaults }
        guard let loaded = try? checked.loaded.get() else { return }
        disks = loaded.disklist.activeEntries.map(\.diskName)
        outsideSelfBackup = coverage.outside(loaded, checked.changer)
        let holes = coverage.holes(over: loaded, checked.changer)
        if !holes.isEmpty {
            selfBackupHoles = holes
            allRemarks.removeAll { remark in holes.contains { $0.text == remark.subject } }
        }
        secretsReadable = coverage.readableSecrets(loaded, checked.changer)
        held = checked.held.compactMap(HeldDumpRecord.init)
        flushesByItself = loaded.configuration.autoflush != "NO"
        guard let newest = checked.newestRun else { return }
        newestRun = newest
        newestLabel = checked.newestLabel
    }
}
