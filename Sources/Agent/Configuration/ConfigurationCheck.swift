// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import HiddenCharacters

/// Looks for everything that is wrong with a configuration that could be read. Local files only; blocks.
struct ConfigurationCheck {
    /// For what grows with the runs that there were.
    private static let catalogLimit: Duration = .seconds(10)

    private let loaded: LoadedConfiguration
    private let choice: ConfigurationChoice
    private let settings: AgentSettings
    private let storage: StorageAddress

    /// Why no backup of it may begin, each once.
    private(set) var faults: [WireError] = []
    /// What single disks lack, and why those that are refused are.
    private(set) var diskFaults: [WireError] = []
    /// Why tar is not even started for a disk.
    private(set) var refusals: [DiskName: [WireError]] = [:]
    private(set) var diskRemarks: [Remark] = []
    /// At every disk that answers.
    let looks: [DiskName: DiskLook]
    /// Whether a disk has not answered.
    let isAnySilent: Bool
    private let holdingDisks: [HoldingDisk]
    /// What a record says of where its volumes lie.
    private(set) var notes: [Remark] = []
    private(set) var resolved: Result<PreparedConfiguration, WireErrors>
    private(set) var changer: ChangerDefinition?
    private(set) var stores: [ChangerStore] = []
    private(set) var held: [HeldDump] = []
    private(set) var newestRun: Datestamp?
    private(set) var newestLabel: String?

    private var configuration: AmandaConfiguration { loaded.configuration }
    private var entries: [DisklistEntry] { loaded.disklist.activeEntries }

    init(
        _ loaded: LoadedConfiguration, of choice: ConfigurationChoice, _ settings: AgentSettings,
        _ storage: StorageAddress, isPatient: Bool
    ) {
        self.loaded = loaded
        self.choice = choice
        self.settings = settings
        self.storage = storage
        resolved = .failure(WireErrors([]))
        let limit = isPatient ? DiskLook.patientLimit(loaded.configuration) : DiskLook.limit
        let disks = DiskLook.all(loaded.disklist.activeEntries, limit: limit)
        looks = disks.looks
        isAnySilent = !disks.silent.isEmpty
        let needs = DiskNeeds(
            loaded.disklist.activeEntries, disks, holdingDisks: loaded.configuration.holdingDisks,
            dumpuser: loaded.dumpuser, stateDirectory: settings.stateDirectory, node: settings.node)
        diskFaults = needs.faults
        diskRemarks = needs.remarks
        holdingDisks = needs.answeringHoldingDisks
        checkDisks()
        checkTar()
        leaveOut(disks.silent)
        resolveVolumes()
        checkBuffers()
        checkVolumeDirectories()
        checkPlaces()
        checkSnapshots()
        checkCatalog()
    }

    /// Catalogs are written with the dumpuser's rights: where it may not, nothing is begun.
    private mutating func checkPlaces() {
        let (user, places) = (loaded.dumpuser, loaded.location.places)
        let looks = PatientLook.all(Array(places.keys), what: "place-look", limit: DiskLook.limit) {
            (refusing: FileRights.refusingDirectory($0, to: user.owner), real: FileSystem.realPath($0))
        }
        for (directory, names) in places.sorted(by: { $0.key < $1.key }) {
            guard let look = looks[directory], let refusing = look.refusing else { continue }
            // Who made a link there would be given what it leads to.
            let hint =
                look.real == directory
                ? "install -d -o \(user.name) -m 750 \(directory.shellQuoted)"
                : "'\(directory)' leads to '\(look.real)': let amanda.conf name a directory of user '\(user.name)' itself."
            add(
                WireError(
                    .configuration, node: settings.node,
                    at: FaultPlace(file: loaded.location.directory + "/amanda.conf"),
                    "user '\(user.name)' may not write in '\(refusing)', where \(names.joined(separator: ", ")) "
                        + "lead\(names.count == 1 ? "s" : "")",
                    hint: hint))
        }
    }

    /// Volumes in directories are written with the dumpuser's rights, too; those of other storages are only read.
    private mutating func checkVolumeDirectories() {
        guard let changer else { return }
        let user = loaded.dumpuser
        var directories = changer.devices.compactMap(\.directoryPath?.path)
        if case .disk(let disk) = changer.kind { directories.append(disk.directory) }
        let looks = PatientLook.all(directories, what: "place-look", limit: DiskLook.limit) {
            FileRights.refusingDirectory($0, to: user.owner)
        }
        for directory in Set(looks.values.compactMap(\.self)).sorted() {
            add(
                WireError(
                    .configuration, node: settings.node, at: changer.place,
                    "user '\(user.name)' may not write in '\(directory)', where volumes of changer '\(changer.name)' lie",
                    hint:
                        "let the changer name directories of user '\(user.name)', as 'install -d -o \(user.name) -m 750' makes them."
                ))
        }
    }

    /// A full dump whose snapshot cannot be kept has nothing that an increment could build on.
    private mutating func checkSnapshots() {
        let user = loaded.dumpuser
        let directories = Set(
            entries.filter { $0.dumptype.schedule.isRecorded }.compactMap {
                try? TarSnapshots(host: $0.host, dle: DLEDescription($0)).directory
            })
        let looks = PatientLook.all(Array(directories), what: "place-look", limit: DiskLook.limit) {
            FileRights.refusingDirectory($0, to: user.owner)
        }
        diskFaults += looks.sorted { $0.key < $1.key }.compactMap { directory, refusing in
            refusing.map {
                WireError(
                    .configuration, node: settings.node,
                    "user '\(user.name)' may not write in '\($0)', where GNUTAR-LISTDIR '\(directory)' leads: every dump is a full one",
                    hint: "let GNUTAR-LISTDIR name a directory of user '\(user.name)'.")
            }
        }
    }

    private mutating func checkDisks() {
        let ownNames = HostNames.own(node: settings.node, covering: entries.map(\.host))
        for refusal in loaded.disklist.refusals(configuration: configuration, ownNames: ownNames) {
            add(WireError(refusal, node: settings.node))
        }
        guard entries.isEmpty else { return }
        add(
            WireError(
                .configuration, node: settings.node, at: FaultPlace(file: configuration.disklistPath),
                "no disk to dump in configuration '\(choice.name)'",
                hint: loaded.configuration.exampleDumptype.map { "add a line such as: localhost /path \($0)" }
                    ?? "add a line: localhost /path DUMPTYPE, with a dumptype that has an application of plugin amgtar."
            ))
    }

    /// What amgtar's properties ask for, and which tar runs as root. It costs the disk that asks for it.
    private mutating func checkTar() {
        let security = SecurityFile(besides: settings.amandaDirectory)
        for entry in entries where entry.dumptype.application?.plugin == "amgtar" {
            let asked = TarProperties(entry)
            var reasons = asked.faults.map { place, error in
                (place, WireError(cause: error, node: settings.node))
            }
            do {
                try security.requireAllowed(asked.options.gnutarPath)
            } catch {
                reasons.append((asked.pathPlace ?? entry.place, WireError(cause: error, node: settings.node)))
            }
            guard !reasons.isEmpty else { continue }
            let found = reasons.map { place, reason in
                WireError(
                    .configuration, node: settings.node, at: place,
                    "disk '\(entry.diskName)': \(reason.message)", hint: reason.hint)
            }
            refusals[entry.name] = found.map { $0.at(configuration: choice.name, disk: entry.diskName) }
            diskFaults += found
        }
    }

    /// What does not answer is not asked a second time; a disk that a script brings may be there by then.
    private mutating func leaveOut(_ silent: [DiskName: HangFault]) {
        for entry in entries {
            guard let fault = silent[entry.name],
                !entry.isPreparedByScripts || DumpPlaces(entry).others.contains(fault.path)
            else { continue }
            let error = WireError(
                .failed, node: settings.node, at: entry.place,
                "disk '\(entry.diskName)' is left out: \(fault.facts)", hint: fault.hint)
            refusals[entry.name, default: []].append(
                error.at(configuration: choice.name, disk: entry.diskName))
        }
    }

    private mutating func resolveVolumes() {
        do {
            let changer = try configuration.changer()
            self.changer = changer
            let store = try VolumeStore(changer, storage: storage, node: settings.node)
            let placeRemarks = attempt { [choice, storage, settings] in
                try VolumePlace.remarks(on: changer, of: choice, storage: storage, node: settings.node)
            }
            notes = (placeRemarks ?? []) + store.remarks
            stores = try ChangerStore.all(of: configuration, storage: storage, node: settings.node)
            resolved = .success(
                PreparedConfiguration(
                    choice: choice, loaded: loaded, changer: changer, store: store, stores: stores,
                    entries: entries, looks: looks, notes: notes, diskFaults: diskFaults,
                    refusals: refusals))
        } catch {
            for fault in WireError.all(cause: error, node: settings.node) { add(fault) }
            resolved = .failure(WireErrors(WireError.all(cause: error, node: settings.node)))
            // Its storages may be of use to a restore all the same.
            stores = (try? ChangerStore.all(of: configuration, storage: storage, node: settings.node)) ?? []
        }
    }

    /// Buffers are there before a dump's first byte: what no machine has would end the agent.
    private mutating func checkBuffers() {
        guard let layout = try? resolved.get().layout else { return }
        let (needed, there) = (layout.bufferByteCount, MemoryPlan.machineByteCount)
        guard there > 0, needed > there else { return }
        add(
            WireError(
                .configuration, node: settings.node, at: configuration.tapetype.place,
                "a dump needs \(Quantity.bytes(needed)) of memory for its upload parts, and this machine has \(Quantity.bytes(there))",
                hint:
                    "make blocksize and part-size of tapetype '\(configuration.tapetype.name)', or NB_THREADS_BACKUP, smaller."
            ))
    }

    /// A file may hang whose directory answers.
    private mutating func checkCatalog() {
        let newest = attempt { [loaded] in
            try PatientLook.one("catalog-look", at: loaded.location.logDirectory, limit: Self.catalogLimit) {
                let reader = CatalogReader(loaded.location)
                let run = try reader.newestRun()
                return (
                    run: run,
                    label: run.flatMap { run in
                        (try? reader.tapelist())?.entries.first { $0.datestamp == run }?.label
                    }
                )
            }
        }
        newestRun = newest?.run
        newestLabel = newest?.label
        guard !holdingDisks.isEmpty else { return }
        let directories = holdingDisks.map(\.directory).joined(separator: "', '")
        held =
            attempt { [holdingDisks] in
                try PatientLook.one("holding-look", at: directories, limit: Self.catalogLimit) {
                    try HoldingDisks(holdingDisks).contents().dumps
                }
            } ?? []
    }

    @discardableResult
    private mutating func attempt<Value>(_ work: () throws -> Value) -> Value? {
        do {
            return try work()
        } catch {
            for fault in WireError.all(cause: error, node: settings.node) { add(fault) }
            return nil
        }
    }

    /// What concerns several disks is said once.
    private mutating func add(_ fault: WireError) {
        if !faults.contains(fault) { faults.append(fault) }
    }
}
