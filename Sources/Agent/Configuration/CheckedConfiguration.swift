// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Faults
import Files

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
    private(set) var faults: [WireError]
    /// What this node lacks for single disks, whose dumps fail of it: the others go on.
    let diskFaults: [WireError]
    /// Whether a disk has not answered in the time that it was given.
    let isAnySilent: Bool
    /// At its disks, those that answered.
    let looks: [DiskName: DiskLook]
    /// What an administrator should know of it.
    private(set) var remarks: [Remark]
    /// What waits on its holding disks.
    let held: [HeldDump]
    /// The newest run that its catalog knows.
    let newestRun: Datestamp?
    /// Of the volume that the tapelist has of that run.
    let newestLabel: String?

    /// Everything that a backup, a plan or a flush works with.
    ///
    /// - Throws: all faults.
    func usable() throws -> PreparedConfiguration {
        guard faults.isEmpty else { throw WireErrors.joined(faults) }
        return try resolved.get()
    }

    /// Reads files; blocks.
    ///
    /// - Parameter isPatient: whether a disk may take longer for an answer than a question may.
    init(
        _ choice: ConfigurationChoice, _ settings: AgentSettings, _ storage: StorageAddress,
        isPatient: Bool = false
    ) {
        let node = settings.node
        self.choice = choice
        loaded = Result {
            let loaded = try ConfigurationDirectory(root: settings.amandaDirectory, name: choice.name).load()
            let places = loaded.location.directories
            let answers = PatientLook.all(places, what: "catalog-look", limit: DiskLook.limit) {
                FileSystem.exists($0)
            }
            if let silent = places.first(where: { answers[$0] == nil }) {
                throw HangFault(silent, within: DiskLook.limit)
            }
            return loaded
        }
        switch loaded {
        case .failure(let cause):
            faults = WireError.all(cause: cause, node: node).bounded
            resolved = .failure(WireErrors(faults))
            (changer, stores, diskFaults, remarks, held) = (nil, [], [], [], [])
            (newestRun, newestLabel) = (nil, nil)
            (looks, isAnySilent) = ([:], false)
        case .success(let loaded):
            let check = ConfigurationCheck(loaded, of: choice, settings, storage, isPatient: isPatient)
            faults = check.faults.bounded
            resolved = check.resolved
            changer = check.changer
            stores = check.stores
            diskFaults = check.diskFaults
            (looks, isAnySilent) = (check.looks, check.isAnySilent)
            remarks = loaded.remarks + check.diskRemarks + check.notes
            held = check.held
            newestRun = check.newestRun
            newestLabel = check.newestLabel
        }
    }
}

extension CheckedConfiguration {
    /// One of which nobody knows what it says.
    private init(_ choice: ConfigurationChoice, unreadable cause: HangFault, node: String) {
        self.choice = choice
        loaded = .failure(cause)
        faults = WireError.all(cause: cause, node: node)
        resolved = .failure(WireErrors(faults))
        (changer, stores, diskFaults, remarks, held) = (nil, [], [], [], [])
        (newestRun, newestLabel) = (nil, nil)
        (looks, isAnySilent) = ([:], false)
    }

    /// What is mounted inside its disks.
    var holes: MountHoles {
        MountHoles((try? loaded.get().disklist.activeEntries) ?? [], looks)
    }

    /// Every configuration of a job or a question, in the order asked for; side by side, so that one that hangs is waited for once.
    static func all(
        _ choices: [ConfigurationChoice], _ settings: AgentSettings, _ storage: StorageAddress,
        isPatient: Bool = false
    ) async throws -> [CheckedConfiguration] {
        let found = try await onEvery(choices, width: width) { choice in
            let directory = "\(settings.amandaDirectory)/\(choice.name)"
            do {
                return try await runBlocking(
                    "configurations", asking: [directory], .limit(isPatient ? patientLimit : limit)
                ) { CheckedConfiguration(choice, settings, storage, isPatient: isPatient) }
            } catch let fault as HangFault {
                return CheckedConfiguration(choice, unreadable: fault, node: settings.node)
            }
        }
        let (slots, catalog) = (SharedSlots(found), SharedCatalog(configurations: found))
        return found.map { $0.beside(slots, catalog, node: settings.node) }
    }

    /// With what can be said of it only where the others are known.
    private func beside(_ slots: SharedSlots, _ catalog: SharedCatalog, node: String) -> CheckedConfiguration
    {
        var checked = self
        if let fault = catalog.fault(of: self, node: node) { checked.faults.append(fault) }
        if let fault = slots.fault(of: self, node: node) {
            checked.faults.append(fault)
        } else if let remark = slots.remark(on: self) {
            checked.remarks.append(remark)
        }
        return checked
    }

    private static var width: Int { 4 }
    /// Whoever asks waits for 45 seconds.
    private static var limit: Duration { .seconds(35) }
    private static var patientLimit: Duration { .seconds(120) }
}

extension [CheckedConfiguration] {
    func named(_ name: String) -> CheckedConfiguration? { first { $0.choice.name == name } }

    /// The stores of those that can be read.
    var stores: [String: [ChangerStore]] {
        Dictionary(
            filter { !$0.stores.isEmpty }.map { ($0.choice.name, $0.stores) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Those that are fit for a job's run, and why the others are not: a typo in one costs no other its night.
    ///
    /// - Throws: `WireErrors`, of all configurations at once, where none is fit: `configuration` with file and line of every fault, or
    ///   `busy` with the newest run where the run's name is not newer.
    func usable(for request: JobRequest) throws -> UsableConfigurations {
        guard !isEmpty else {
            throw WireError(.configuration, node: request.node, "the job names no configuration")
        }
        var usable = UsableConfigurations()
        for configuration in self {
            let faults = configuration.faults(for: request)
            if faults.isEmpty {
                usable.prepared.append(try configuration.usable())
            } else {
                usable.refused.append(.init(choice: configuration.choice, faults: faults))
            }
        }
        guard usable.prepared.isEmpty else { return usable }
        let newer = usable.refused.compactMap { $0.faults.first { $0.newestRun != nil } }
        guard newer.count == usable.refused.count,
            let newest = newer.max(by: { ($0.newestRun ?? request.run) < ($1.newestRun ?? request.run) })
        else { throw WireErrors.joined(usable.refused.flatMap(\.faults)) }
        throw newest
    }
}

/// What of a job's configurations can be worked with.
struct UsableConfigurations: Sendable {
    struct Refused: Sendable {
        let choice: ConfigurationChoice
        /// At least one.
        let faults: [WireError]
    }

    var prepared: [PreparedConfiguration] = []
    var refused: [Refused] = []
}

extension CheckedConfiguration {
    /// Why a job's run cannot have it: a run must be newer than those in its catalog, but for a further attempt of the newest itself.
    fileprivate func faults(for request: JobRequest) -> [WireError] {
        let run = request.run
        guard let newestRun, newestRun > run || (newestRun == run && request.attempt <= 1) else {
            return faults
        }
        let error = CatalogError.notNewest(run: run, newest: newestRun, configuration: choice.name)
        return [WireError(cause: error, node: request.node)] + faults
    }
}
