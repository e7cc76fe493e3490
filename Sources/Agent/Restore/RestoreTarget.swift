// SPDX-License-Identifier: Apache-2.0

import AgentAPI
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
        let place = SelfBackupPlace(device: device, amandaDirectory: Self.trimmed(settings.amandaDirectory))
        if disk.configuration.role == .selfBackup, let place {
            self = .amandaDirectory(place)
        } else {
            self = .directory(device)
        }
    }

    /// - Throws: `WireError` naming the directory that holds something, unless it may be written over.
    func requireFree(overwrite: Bool, node: String) throws {
        guard !overwrite, let status = try FileSystem.status(path) else { return }
        guard status.kind == .directory else {
            throw WireError(
                .failed, node: node, "'\(path)' is in the way: it is not a directory",
                hint: "remove it, or restore to another place with '--to DIR'.")
        }
        guard try !FileSystem.isEmptyDirectory(path) else { return }
        throw WireError(
            .failed, node: node, "'\(path)' is not empty",
            hint: "restore over it with '--overwrite', or to another place with '--to DIR'.")
    }

    /// The path below a directory that it must not leave: `..` goes up in what stands before it, and never further.
    private static func inside(_ device: String) -> String {
        var components: [Substring] = []
        for component in device.split(separator: "/") where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        return components.joined(separator: "/")
    }

    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
