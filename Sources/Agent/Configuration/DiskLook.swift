// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files
import Planning

/// One look at what a disk's dump would begin with: its directory, and the lists that its excludes and includes name.
struct DiskLook: Sendable {
    /// Longer than any file system needs that answers at all.
    static let limit: Duration = .seconds(3)
    /// As long as a disk needs to start, or an automount to be made.
    static let patientLimit: Duration = .seconds(20)

    /// For one that is about to be dumped; no longer than its estimate could take.
    static func patientLimit(_ configuration: AmandaConfiguration) -> Duration {
        min(patientLimit, .seconds(max(1, abs(configuration.estimateTimeoutSeconds))))
    }

    /// Why its dump would fail; nil: of the directory it would not.
    let fault: DumpError?
    /// What would make its dump STRANGE.
    let strange: [String]
    /// What nobody sees in its lists of excludes and includes.
    let hidden: [String]
    /// Where tar would go.
    let reach: TarReach
    /// What of it is to be in the archive.
    let part: SelectedPart
    private let included: [String]?
    /// The directory without links, and the file system that it lies on; nil: it is not there.
    let place: (directory: String, device: UInt64)?

    /// Blocks for as long as the disk does.
    private init(_ entry: DisklistEntry) {
        let description = DLEDescription(entry)
        let selection = TarSelection(description, device: entry.directory)
        reach = TarReach(description, device: entry.directory)
        let chosen = DumpSelection(
            included: selection.included, excluded: (selection.excludes ?? []) + reach.excludes)
        part = SelectedPart(chosen)
        included = chosen?.included
        let directory = reach.directory
        place = try? (FileSystem.resolved(directory), FileSystem.deviceNumber(of: directory))
        strange = selection.strange
        hidden = selection.hidden
        fault =
            DumpSource.fault(of: directory) ?? reach.fault
            ?? (selection.includesNothing ? .nothingToInclude(directory: directory) : nil)
    }

    /// Whether an include begins just there, or further inside: then tar is on that file system from the start.
    ///
    /// - Parameter path: below the directory.
    func begins(within path: String) -> Bool {
        included?.contains { MountTable.isWithin($0, path) } ?? false
    }

    /// Of every disk that answers in time; a file system that hangs keeps nobody. Blocks, within a bound.
    static func all(_ entries: [DisklistEntry], limit: Duration = DiskLook.limit) -> DiskLooks {
        let byKey = Dictionary(
            entries.map { ("\($0.host) \($0.diskName) \($0.directory)", $0) },
            uniquingKeysWith: { first, _ in first })
        let places = entries.flatMap { DumpPlaces($0).all }
        let answering = Set(
            PatientLook.all(places, what: "place-look", limit: limit) { FileSystem.exists($0) }.keys)
        func silent(_ entry: DisklistEntry) -> String? {
            DumpPlaces(entry).all.first { !answering.contains($0) }
        }
        let asked = byKey.filter { silent($0.value) == nil }
        let looks = PatientLook.all(
            Array(asked.keys), what: "disk-look", limit: limit, at: { asked[$0]?.directory ?? "" }
        ) { key in asked[key].map { DiskLook($0) } }
        var found = DiskLooks(limit: limit)
        for (key, entry) in byKey {
            found.looks[entry.name] = looks[key].flatMap(\.self)
            guard found.looks[entry.name] == nil else { continue }
            found.silent[entry.name] = HangFault(silent(entry) ?? entry.directory, within: limit)
        }
        return found
    }
}

/// The looks at all disks of a configuration.
struct DiskLooks: Sendable {
    /// How long each was waited for.
    let limit: Duration
    /// Of those that answered.
    var looks: [DiskName: DiskLook] = [:]
    /// Of the others: what does not answer.
    var silent: [DiskName: HangFault] = [:]
}

/// What a dump of a disk asks file systems for before its first byte. No look at anything.
struct DumpPlaces {
    /// That tar reads.
    let directory: String
    /// Where tar's snapshots stay, and the lists of excludes and includes that do not lie in the directory.
    let others: [String]
    /// The first of them.
    let snapshots: [String]

    init(_ entry: DisklistEntry) {
        let description = DLEDescription(entry)
        let options = (try? TarOptions(description)) ?? TarOptions()
        directory = options.directory ?? entry.directory
        let lists = [description.exclude, description.include].compactMap { $0 }.flatMap(\.lists)
        snapshots = [options.snapshotDirectory]
        others = [options.snapshotDirectory] + options.excludeFiles + lists.filter { $0.hasPrefix("/") }
    }

    var all: [String] { [directory] + others }
}

extension DisklistEntry {
    /// Whether a script runs before its dump, which may bring its directory first: a snapshot, a mount.
    var isPreparedByScripts: Bool {
        dumptype.scripts.contains { script in
            script.points.contains {
                ($0.activity == .backup || $0.activity == .estimate) && !$0.isPost
                    && $0.runs(on: script.side)
            }
        }
    }
}
