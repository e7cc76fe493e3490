// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Files

/// A file without which an empty machine does not become the node again.
struct BootstrapFile: Sendable, Hashable {
    enum Kind: Sendable { case settings, catalog }

    enum Duty: Sendable {
        case always
        /// Where a disk of the self-backup reaches it; elsewhere it comes with the machine.
        case whereReached
        /// The same where it lets nothing run that would not run without it.
        case unlessHarmless
    }

    /// As the configuration names it, absolute.
    let path: String
    let kind: Kind
    let duty: Duty
}

/// A directory of a catalog, all of whose files count.
struct BootstrapTree: Sendable, Hashable {
    let path: String
    /// Only what lies in the directory itself and begins so; nil: everything below.
    var namePrefix: String?
}

/// What configurations must have in a self-backup, by their settings alone: no look at anything.
///
/// Not what a restore does without: tar's snapshots, stock Amanda's pending commands, holding disks; nor keys and credentials,
/// which are no business of a backup that anybody who reads the bucket can read.
struct BootstrapNeeds: Sendable {
    private(set) var files: [BootstrapFile] = []
    private(set) var trees: [BootstrapTree] = []
    private var seen: Set<String> = []

    /// Configurations that cannot be read need their `amanda.conf`.
    init(_ configurations: [CheckedConfiguration], _ settings: AgentSettings) {
        for configuration in configurations {
            guard let loaded = try? configuration.loaded.get() else {
                add("\(settings.amandaDirectory)/\(configuration.choice.name)/amanda.conf", .settings)
                continue
            }
            for path in loaded.files { add(path, .settings) }
            add(loaded.location)
            for entry in loaded.disklist.activeEntries { add(named: entry) }
        }
        if configurations.contains(where: { $0.choice.role == .selfBackup }) {
            add(SecurityFile(besides: settings.amandaDirectory).path, .settings, .unlessHarmless)
        }
    }

    private mutating func add(
        _ path: String, _ kind: BootstrapFile.Kind, _ duty: BootstrapFile.Duty = .always
    ) {
        guard path.hasPrefix("/"), seen.insert(path).inserted else { return }
        files.append(BootstrapFile(path: path, kind: kind, duty: duty))
    }

    private mutating func add(_ location: CatalogLocation) {
        add(location.tapelist, .catalog)
        if let state = location.savedChangerStateFile { add(state, .catalog) }
        let new = [
            BootstrapTree(path: location.infoDirectory), BootstrapTree(path: location.indexDirectory),
            BootstrapTree(path: location.logDirectory, namePrefix: "log."),
        ]
        trees += new.filter { !trees.contains($0) }
    }

    /// The lists and programs that a disk's dump needs by name; what lies inside the disk itself is its data.
    private mutating func add(named entry: DisklistEntry) {
        let description = DLEDescription(entry)
        let lists = [description.exclude, description.include].compactMap(\.self).flatMap(\.lists)
        let options = try? TarOptions(description)
        let scripts = entry.dumptype.scripts.map { "\(ScriptRunner.applicationDirectory)/\($0.plugin)" }
        let paths =
            lists + (options?.excludeFiles ?? []) + [options?.gnutarPath].compactMap(\.self) + scripts
            + entry.dumptype.programs
        for path in paths { add(path, .settings, .whereReached) }
    }
}

extension DumpType {
    /// That compress and encrypt.
    fileprivate var programs: [String] {
        var programs: [String] = []
        switch compression {
        case .clientCustom(let program), .serverCustom(let program): programs.append(program)
        case .none, .clientFast, .clientBest, .serverFast, .serverBest: break
        }
        switch encryption {
        case .client(let program, _), .server(let program, _): programs.append(program)
        case .none: break
        }
        return programs
    }
}
