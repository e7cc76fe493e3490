// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files

/// Whether what configurations dump could be restored together, by the restore's own rules: asked before the first dump.
struct DisklistRestore {
    let settings: AgentSettings

    /// A fault of one of the configurations.
    struct Found: Sendable {
        let configuration: String
        let fault: WireError
        /// Not by itself, but beside another configuration: a restore then takes one at a time.
        var isBesideAnother = false
    }

    /// Looks for what includes find only in directories that several disks share.
    func faults(of configurations: [CheckedConfiguration]) async throws -> [Found] {
        try await runBlocking("restore-rules") { try look(at: configurations) }
    }

    private func look(at configurations: [CheckedConfiguration]) throws -> [Found] {
        var found: [Found] = []
        var targets: [(entry: DisklistEntry, configuration: String, path: String)] = []
        for checked in configurations {
            guard let loaded = try? checked.loaded.get() else { continue }
            let order = RestoreOrder(sourceNode: settings.node, configurations: [checked.choice])
            for entry in loaded.disklist.activeEntries {
                let disk = RestorableDisk(
                    configuration: checked.choice, disk: entry.diskName, device: entry.directory, dumps: [],
                    recoveryThreadCount: 1, host: entry.host)
                do {
                    let target = try RestoreTarget(disk, order: order, settings: settings)
                    targets.append((entry, checked.choice.name, target.path))
                } catch {
                    found.append(Found(configuration: checked.choice.name, fault: error))
                }
            }
        }
        let real = PatientLook.all(targets.map(\.path), what: "place-look", limit: DiskLook.limit) {
            FileSystem.realPath($0)
        }
        // What does not answer is told of by whoever looks at its disk.
        let placed = targets.compactMap { target in
            real[target.path].map { (entry: target.entry, configuration: target.configuration, path: $0) }
        }
        let shared = Dictionary(grouping: placed, by: \.path).values.filter { $0.count > 1 }.joined()
        let pieces = shared.compactMap { placed -> RestorePiece? in
            let (entry, directory) = (placed.entry, placed.entry.directory)
            // Its lists may lie elsewhere, and hang there: the directory is not to be blamed for them.
            let places = Set(DumpPlaces(entry).all)
            let answers = PatientLook.all(Array(places), what: "place-look", limit: DiskLook.limit) {
                FileSystem.exists($0)
            }
            guard answers.count == places.count else { return nil }
            let look = PatientLook.all([directory], what: "selection-look", limit: DiskLook.limit) {
                TarSelection(DLEDescription(entry), device: $0)
            }
            guard let selection = look[directory] else { return nil }
            return RestorePiece(
                configuration: placed.configuration, disk: placed.entry.diskName, path: placed.path,
                selection: DumpSelection(included: selection.included, excluded: selection.excludes))
        }
        let own = RestorePiece.collisionsWithinEach(pieces)
        let beside = RestorePiece.collisions(among: pieces).filter { !own.contains($0) }
        return found + own.map { Found($0, settings.node) }
            + beside.map { Found($0, settings.node, isBesideAnother: true) }
    }
}

extension DisklistRestore.Found {
    fileprivate init(_ collision: WireError, _ node: String, isBesideAnother: Bool = false) {
        self.init(
            configuration: collision.place?.configuration ?? "", fault: WireError(collision, node: node),
            isBesideAnother: isBesideAnother)
    }

    /// As `plan` says it, and `status` where it is no problem.
    var text: String {
        let way = isBesideAnother ? "a restore of both at once would refuse it" : "a restore would refuse it"
        return "\(way): \(fault.message); \(fault.hint ?? "")"
    }
}
