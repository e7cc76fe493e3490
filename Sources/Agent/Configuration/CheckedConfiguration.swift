// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Faults

/// One configuration of this node: loaded, checked and resolved once a job, for whoever asks.
///
/// `faults` holds whatever keeps a backup from its first byte, and nothing else: backup, plan, flush and status say the same of
/// a configuration, in the same words. A faulty one is of use all the same: to a restore by its stores, to `volumes` by its slots.
struct CheckedConfiguration: Sendable {
    let choice: ConfigurationChoice
    /// What its files say.
    let loaded: Result<LoadedConfiguration, any Error>
    /// Its changer, store and disks, whatever is wrong with the disks; what keeps anything from being written to it.
    let resolved: Result<PreparedConfiguration, WireErrors>
    /// The changer in use.
    let changer: ChangerDefinition?
    /// Of every storage that it defines, the one in use first; empty where that cannot be used.
    let stores: [ChangerStore]
    /// Why no backup of it may begin, all of it.
    let faults: [WireError]
    /// What this node lacks for single disks, whose dumps fail of it: the others go on.
    let diskFaults: [WireError]
    /// Whether a disk has not answered in the time that it was given.
    let isAnySilent: Bool
    /// At its disks, those that answered.
    let looks: [DiskName: DiskLook]
    /// What an administrator should know of it.
    let remarks: [Remark]
    /// What waits on its holding disks.
    let held: [HeldDump]
    /// The newest run that its catalog knows.
    let newestRun: Datestamp?

    /// Everything that a backup, a plan or a flush works with.
    ///
    /// - Throws: all faults.
    func usable() throws -> PreparedConfiguration {
        guard faults.isEmpty else { throw WireErrors.joined(faults) }
        return try resolved.get()
    }

    /// Reads files; blocks.
    ///
    /// - Parameter limit: how long a disk may take for an answer.
    init(
        _ choice: ConfigurationChoice, _ settings: AgentSettings, _ storage: StorageAddress,
        limit: Duration = DiskLook.limit
    ) {
        let node = settings.node
        self.choice = choice
        loaded = Result {
            try ConfigurationDirectory(root: settings.amandaDirectory, name: choice.name).load()
        }
        switch loaded {
        case .failure(let cause):
            faults = WireError.all(cause: cause, node: node)
            resolved = .failure(WireErrors(faults))
            (changer, stores, diskFaults, remarks, held, newestRun) = (nil, [], [], [], [], nil)
            (looks, isAnySilent) = ([:], false)
        case .success(let loaded):
            let check = ConfigurationCheck(loaded, of: choice, settings, storage, limit: limit)
            faults = check.faults
            resolved = check.resolved
            changer = check.changer
            stores = check.stores
            diskFaults = check.diskFaults
            (looks, isAnySilent) = (check.looks, check.isAnySilent)
            remarks = loaded.remarks + check.diskRemarks + check.notes
            held = check.held
            newestRun = check.newestRun
        }
    }
}

extension CheckedConfiguration {
    /// What is mounted inside its disks.
    var holes: MountHoles {
        MountHoles((try? loaded.get().disklist.activeEntries) ?? [], looks)
    }

    /// Every configuration of a job or a question.
    static func all(
        _ choices: [ConfigurationChoice], _ settings: AgentSettings, _ storage: StorageAddress,
        limit: Duration = DiskLook.limit
    ) async throws -> [CheckedConfiguration] {
        try await runBlocking("configurations") {
            choices.map { CheckedConfiguration($0, settings, storage, limit: limit) }
        }
    }
}

extension [CheckedConfiguration] {
    func named(_ name: String) -> CheckedConfiguration? { first { $0.choice.name == name } }

    /// The stores of those that can be read.
    var stores: [String: [ChangerStore]] {
        Dictionary(
            filter { !$0.stores.isEmpty }.map { ($0.choice.name, $0.stores) },
            uniquingKeysWith: { first, _ in first })
    }

    /// All of them, fit for a job's run.
    ///
    /// - Throws: `WireErrors`, of all configurations at once: `configuration` with file and line of every fault, or `busy` with the
    ///   newest run where the run's name is not newer.
    func usable(for request: JobRequest) throws -> [PreparedConfiguration] {
        guard !isEmpty else {
            throw WireError(.configuration, node: request.node, "the job names no configuration")
        }
        let run = request.run
        let newer = compactMap { $0.newer(than: run, isFurtherAttempt: request.attempt > 1) }
        if let (name, newest) = newer.max(by: { $0.run < $1.run }) {
            let error = CatalogError.notNewest(run: run, newest: newest, configuration: name)
            throw WireError(cause: error, node: request.node)
        }
        let faults = flatMap(\.faults)
        guard faults.isEmpty else { throw WireErrors.joined(faults) }
        return try map { try $0.usable() }
    }
}

extension CheckedConfiguration {
    /// The run in its catalog that another's name would have to be newer than; nil: it is. A further attempt of the newest run itself goes on
    /// with it.
    fileprivate func newer(
        than run: Datestamp, isFurtherAttempt: Bool
    ) -> (name: String, run: Datestamp)? {
        guard let newestRun, newestRun > run || (newestRun == run && !isFurtherAttempt) else { return nil }
        return (choice.name, newestRun)
    }
}
