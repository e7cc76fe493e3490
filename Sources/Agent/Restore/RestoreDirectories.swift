// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files

/// The directories that a restore writes into. Each is opened once, before anything is unpacked: in place through links and
/// mounts that are there already, below `--to` through none; what the restore brings itself is never followed.
///
/// Every call blocks.
struct RestoreDirectories: Sendable {
    /// By the paths of their targets.
    private var opened: [String: OpenDirectory] = [:]

    /// Makes what is missing.
    ///
    /// - Throws: `WireError` where a link below `--to`, or something that is no directory, is in the way.
    init(_ targets: [RestoreTarget], _ order: RestoreOrder, node: String) throws {
        let top = try order.directory.map { try OpenDirectory(making: $0) }
        for case .directory(let path) in targets where opened[path] == nil {
            opened[path] = try Self.open(path, top) { Self.link($0, order, node) }
        }
    }

    private static func open(
        _ path: String, _ top: OpenDirectory?, _ link: (String) -> WireError
    ) throws -> OpenDirectory {
        guard let top else { return try OpenDirectory(making: path) }
        guard let inside = path.path(below: Self.trimmed(top.path)) else { return top }
        do throws(FilesError) {
            return try top.beneath(inside, making: true)
        } catch {
            if error.isLinkInTheWay { throw link(error.path) }
            throw error
        }
    }

    /// - Returns: nil for a target that is no directory to unpack into.
    subscript(_ target: RestoreTarget) -> OpenDirectory? { opened[target.path] }

    /// Where other disks of this restore go below a target: these directories, and those above them, stay theirs.
    func kept(in target: RestoreTarget, among targets: [RestoreTarget]) -> [String] {
        var kept = target.kept(among: targets)
        guard let top = self[target]?.resolvedPath else { return kept }
        for other in opened.values {
            if let inside = RestoreTarget.inside(other.resolvedPath, of: top), !kept.contains(inside) {
                kept.append(inside)
            }
        }
        return kept
    }

    /// Says of a link below `--to` what `init` would, and makes nothing.
    static func requireNoLinks(_ target: RestoreTarget, _ order: RestoreOrder, node: String) throws {
        guard let top = order.directory.map(trimmed), let inside = target.path.path(below: top) else {
            return
        }
        var path = top
        for name in inside.pathNames {
            path += "/\(name)"
            guard let found = try FileSystem.status(path) else { return }
            if found.kind == .symbolicLink { throw link(path, order, node) }
        }
    }

    private static func link(_ path: String, _ order: RestoreOrder, _ node: String) -> WireError {
        WireError(
            .failed, node: node,
            "'\(path)' is a symbolic link, and below '\(order.directory ?? path)' a restore follows none",
            hint: "remove it, or restore to another directory.")
    }

    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path == "/" ? "" : path
    }
}

extension RestoreTarget {
    /// Where the other targets lie below this one, by their names.
    func kept(among targets: [RestoreTarget]) -> [String] {
        var kept: [String] = []
        for other in targets {
            if let inside = Self.inside(other.path, of: path), !kept.contains(inside) { kept.append(inside) }
        }
        return kept
    }

    /// The rest of a path below another; nil: it is not below it.
    static func inside(_ path: String, of top: String) -> String? {
        path.path(below: top)
    }
}
