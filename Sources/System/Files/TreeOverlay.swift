// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// One directory laid over another, as unpacking an archive there would: files replace files, directories are merged and get
/// the owner, mode, times and extended attributes of the source's, what else lies in the target stays.
///
/// Everything is renamed, nothing copied. It works on open directories, so that no link, and nobody who swaps a directory
/// for one, can lead it elsewhere. Each call blocks for as long as the directories take that both have.
public struct TreeOverlay: Sendable {
    /// Something of the source that was not laid over the target.
    public struct LeftOut: Sendable, Equatable {
        /// Below the target.
        public let path: String
        /// What a symbolic link points to; nil: it is none.
        public let linkTarget: String?
    }

    let source: OpenDirectory
    let target: OpenDirectory
    let kept: KeptPaths
    let deletes: Bool
    /// Whether a path below the target, as raw bytes, may go where `deletes` holds and the source does not have it.
    public var mayRemove: @Sendable (_ path: [UInt8]) -> Bool = { _ in true }
    /// Paths of directories that the source has only because something below them needs one; empty: the top. Those that the target
    /// has keep their owner, mode, times and attributes.
    public var bare: Set<[UInt8]> = []

    /// - Parameters:
    ///   - kept: paths below the target that are somebody else's: they and the directories above them stay directories,
    ///     whatever the source has there, and are never removed.
    ///   - deletes: whether what the source does not have is removed from the target; what is mounted there stays.
    public init(
        _ source: OpenDirectory, onto target: OpenDirectory, kept: [String] = [], deletes: Bool = false
    ) {
        self.source = source
        self.target = target
        self.kept = KeptPaths(kept)
        self.deletes = deletes
    }

    /// Refuses what `apply` could not do, and changes nothing.
    ///
    /// - Throws: where a directory that holds something stands in the way of a file, or another file system is mounted where
    ///   the source has something.
    public func check() throws(FilesError) {
        try check(source, target, kept, device: try source.status().device)
    }

    private func check(
        _ source: OpenDirectory, _ target: OpenDirectory, _ kept: KeptPaths, device: UInt64
    ) throws(FilesError) {
        let isElsewhere = try target.status().device != device
        if isElsewhere, kept.isOwned { return }
        for name in try source.names() {
            guard let from = try source.rawStatus(of: name) else { continue }
            let to = try target.rawStatus(of: name)
            if from.isDirectory, let to, to.isDirectory {
                try check(source.child(name), target.child(name), kept.below(name), device: device)
                continue
            }
            if kept.concerns(name), to != nil { continue }
            if isElsewhere {
                throw FilesError(
                    "restore", target.childPath(name), reason: "another file system is mounted above it")
            }
            guard !from.isDirectory, let to, to.isDirectory, !deletes else { continue }
            guard try target.child(name).isEmpty() else {
                throw FilesError("replace", target.childPath(name), errorNumber: ENOTEMPTY)
            }
        }
    }

    /// - Parameter name: where the source lies in the target, if it does: it goes then.
    /// - Returns: what was left out for the sake of a kept path.
    /// - Throws: as `check`; what was moved before stays moved.
    @discardableResult
    public func apply(removing name: String? = nil) throws(FilesError) -> [LeftOut] {
        var leftOut: [LeftOut] = []
        let status = try (bare.contains([]) ? target : source).fullStatus()
        try lay(source, target, kept, below: [], &leftOut)
        if let name {
            try target.removeTree(name)
            // That has changed them.
            try target.takeTimes(of: status)
        }
        return leftOut
    }

    private func lay(
        _ source: OpenDirectory, _ target: OpenDirectory, _ kept: KeptPaths, below path: [UInt8],
        _ leftOut: inout [LeftOut]
    ) throws(FilesError) {
        // Before anything is taken out of it: that changes its times.
        let status = try source.fullStatus()
        let own = try target.fullStatus()
        let names = try source.names()
        // Somebody else's file system: nothing can be moved there, and nothing needs to be.
        if kept.isOwned, try target.status().device != self.target.status().device {
            leftOut += names.map { LeftOut(path: Self.text(Self.path($0, below: path)), linkTarget: nil) }
            return
        }
        if deletes { try removeOthers(than: Set(names), target, kept, below: path) }
        for name in names {
            let below = Self.path(name, below: path)
            guard let from = try source.rawStatus(of: name) else { continue }
            let to = try target.rawStatus(of: name)
            if from.isDirectory, let to, to.isDirectory {
                try lay(source.child(name), target.child(name), kept.below(name), below: below, &leftOut)
            } else if kept.concerns(name), to != nil {
                let link = source.linkTarget(name)
                guard link == nil || link != target.linkTarget(name) else { continue }
                leftOut.append(
                    LeftOut(path: Self.text(below), linkTarget: link.map(Self.text)))
            } else {
                try move(name, from, to, source, target)
            }
        }
        if kept.isOwned { return }
        if bare.contains(path) {
            try target.takeTimes(of: own)
        } else {
            try target.takeAttributes(of: source, status)
        }
    }

    private static func path(_ name: [CChar], below path: [UInt8]) -> [UInt8] {
        (path.isEmpty ? [] : path + [UInt8(ascii: "/")]) + name.dropLast().map { UInt8(bitPattern: $0) }
    }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    private func move(
        _ name: [CChar], _ from: stat, _ to: stat?, _ source: OpenDirectory, _ target: OpenDirectory
    ) throws(FilesError) {
        if let to, from.isDirectory || to.isDirectory {
            if deletes, to.isDirectory {
                guard try target.removeTree(name, on: UInt64(to.st_dev)) else {
                    throw FilesError("replace", target.childPath(name), errorNumber: EBUSY)
                }
            } else if unlinkat(target.descriptor, name, to.isDirectory ? AT_REMOVEDIR : 0) != 0 {
                throw FilesError("replace", target.childPath(name), errorNumber: errno)
            }
        }
        guard renameat(source.descriptor, name, target.descriptor, name) == 0 else {
            throw FilesError(
                "rename to '\(target.childPath(name))' the file", source.childPath(name), errorNumber: errno)
        }
    }

    /// Not in what is somebody else's, nor on another file system than the target's.
    private func removeOthers(
        than names: Set<[CChar]>, _ target: OpenDirectory, _ kept: KeptPaths, below path: [UInt8]
    ) throws(FilesError) {
        let (top, device) = (try source.status(), try self.target.status().device)
        guard !kept.isOwned, try target.status().device == device else { return }
        for name in try target.names() where !names.contains(name) && !kept.concerns(name) {
            guard mayRemove(Self.path(name, below: path)), let found = try target.rawStatus(of: name)
            else { continue }
            if found.st_dev == top.device, found.st_ino == top.inode { continue }
            try target.removeTree(name, on: device)
        }
    }
}

/// Paths below a directory, as a tree of names.
struct KeptPaths: Sendable {
    /// The directory itself is somebody else's.
    private(set) var isOwned = false
    private var children: [[CChar]: KeptPaths] = [:]

    init(_ paths: [String]) {
        for path in paths {
            add(path.pathNames.filter { $0 != "." }.map { FileSystem.rawPath($0) }[...])
        }
    }

    /// Whether a kept path is that name here, or leads through it.
    func concerns(_ name: [CChar]) -> Bool { children[name] != nil }

    /// What is below somebody else's directory is somebody else's too.
    func below(_ name: [CChar]) -> KeptPaths {
        var below = children[name] ?? KeptPaths([])
        if isOwned { below.isOwned = true }
        return below
    }

    private mutating func add(_ names: ArraySlice<[CChar]>) {
        guard let first = names.first else {
            isOwned = true
            return
        }
        children[first, default: KeptPaths([])].add(names.dropFirst())
    }
}

extension stat {
    var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }
}
