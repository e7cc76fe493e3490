// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files

/// Where one disk goes.
enum RestoreTarget: Sendable, Equatable {
    /// Straight into this directory.
    case directory(String)
    /// The self-backup in place: unpacked beside the Amanda directory, of which only Amanda's part then moves there.
    case amandaDirectory(SelfBackupPlace)

    /// What a report names.
    var path: String {
        switch self {
        case .directory(let path): path
        case .amandaDirectory(let place): place.amandaDirectory
        }
    }

    init(_ disk: RestorableDisk, order: RestoreOrder, settings: AgentSettings) throws(WireError) {
        let device = Self.trimmed(disk.device ?? disk.disk)
        if let top = order.directory {
            let inside = Self.inside(device)
            let path = "\(Self.trimmed(top))/\(order.sourceNode)/\(disk.configuration.name)"
            self = .directory(inside.isEmpty ? path : "\(path)/\(inside)")
            return
        }
        guard device.hasPrefix("/") else {
            throw WireError(
                .unsupported, node: settings.node,
                "disk '\(disk.disk)' of configuration '\(disk.configuration.name)' has no absolute path to go to",
                hint: "restore it with '--to DIR'.")
        }
        if let place = disk.selfBackupPlace(settings.amandaDirectory) {
            self = .amandaDirectory(place)
        } else {
            self = .directory(device)
        }
    }

    /// - Parameters:
    ///   - wayOut: what to do where it is not, in the words of the program that restores.
    ///   - kept: places of other disks of the same restore, which do not count.
    /// - Throws: `WireError` naming the directory that holds data, unless it may be written over.
    func requireFree(
        overwrite: Bool, node: String,
        wayOut: String = "restore over it with '--overwrite', or to another place with '--to DIR'.",
        besides kept: [String] = []
    ) throws {
        guard try FileSystem.status(path) != nil else { return }
        // A link to a directory is that directory, as tar takes it when it dumps.
        guard FileSystem.isDirectory(path) else {
            throw WireError(
                .failed, node: node, "'\(path)' is in the way: it is not a directory",
                hint: "move it away.")
        }
        var fresh = FreshDirectory()
        fresh.passedOver = Set(kept.map { Array("\(path == "/" ? "" : path)/\($0)".utf8) })
        guard try !overwrite && fresh.data(in: path) != nil else { return }
        throw WireError(.failed, node: node, "'\(path)' is not empty", hint: wayOut)
    }

    /// Those that do not answer, by their paths: none of them is touched again. Waits as long as a disk needs to start.
    static func silent(_ targets: [RestoreTarget]) async throws -> [String: HangFault] {
        let paths = Set(targets.map(\.path))
        let answers = try await runBlocking("restore-targets") {
            PatientLook.all(Array(paths), what: "place-look", limit: DiskLook.patientLimit) {
                FileSystem.exists($0)
            }
        }
        return Dictionary(
            paths.filter { answers[$0] == nil }.map { ($0, HangFault($0, within: DiskLook.patientLimit)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The path below a directory that it must not leave: `..` goes up in what stands before it, and never further.
    private static func inside(_ device: String) -> String {
        var components: [String] = []
        for component in device.pathNames where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        return components.joined(separator: "/")
    }

    static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
