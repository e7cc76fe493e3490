// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// One mounted file system, or part of one.
public struct Mount: Sendable, Hashable {
    /// The kernel's number of it, and of the mount that it lies on.
    public let id: Int
    public let parentID: Int
    /// As in `st_dev`, except on file systems with a device for each subvolume.
    public let device: UInt64
    /// What of the file system is mounted: `/`, or the directory or file of a bind mount.
    public let root: String
    /// Where, absolute.
    public let path: String
    /// `ext4`, `nfs4`, `fuse.sshfs`.
    public let fileSystem: String
    /// The device, or whatever name it was mounted by.
    public let source: String
    /// The file system's own options, `upperdir=…` of an overlay among them.
    public let options: [String]
}

/// What is mounted in this process's view, as `/proc/self/mountinfo` tells it: no file system is touched, so a dead one does not hang it.
///
/// Shape of a line: id, parent, `major:minor`, root, path, options, fields up to `-`, type, source, the file system's options; blanks,
/// tabs, newlines and backslashes in octal (`\040`). Source: proc_pid_mountinfo(5).
public struct MountTable: Sendable {
    /// In the kernel's order: of two on one path the later one covers the earlier.
    public let mounts: [Mount]
    private let children: [Int: [Mount]]
    private let root: Mount?

    public init(_ mounts: [Mount]) {
        self.mounts = mounts
        children = Dictionary(grouping: mounts.filter { $0.id != $0.parentID }, by: \.parentID)
        let ids = Set(mounts.map(\.id))
        root = mounts.first { $0.path == "/" && (!ids.contains($0.parentID) || $0.id == $0.parentID) }
    }

    /// As it is now. Blocks.
    public static func current() throws(FilesError) -> MountTable {
        MountTable(parsing: try FileSystem.readAll("/proc/self/mountinfo"))
    }

    /// Lines that are none are passed over.
    public init(parsing bytes: [UInt8]) {
        self.init(bytes.split(separator: 10).compactMap { Mount(line: Array($0)) })
    }

    /// The mount that a path without links leads to, by the way that the kernel takes: what a later mount covers is out of sight.
    public func covering(_ path: String) -> Mount? {
        guard var current = root else { return nil }
        var depth = 0
        while depth <= mounts.count {
            depth += 1
            let next = (children[current.id] ?? []).filter { Self.isWithin(path, $0.path) }
                .min { $0.path.utf8.count < $1.path.utf8.count }
            guard let next else { return current }
            current = next
        }
        return nil
    }

    /// Whether something is mounted just there.
    public func isMountPoint(_ path: String) -> Bool { covering(path)?.path == path }

    /// What is in sight strictly below a path without links, in the kernel's order.
    public func inside(_ path: String) -> [Mount] {
        mounts.filter { $0.path != path && Self.isWithin($0.path, path) && covering($0.path) == $0 }
    }

    /// Whether `path` is `top` or lies below it.
    public static func isWithin(_ path: String, _ top: String) -> Bool {
        let (path, top) = (path.utf8, top.utf8)
        if top.elementsEqual(CollectionOfOne(UInt8(ascii: "/"))) { return true }
        guard path.starts(with: top) else { return false }
        let rest = path.dropFirst(top.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/")
    }
}

extension Mount {
    /// nil: it is no line of a mount table.
    fileprivate init?(line: [UInt8]) {
        let fields = line.split(separator: UInt8(ascii: " ")).map(Self.unescaped)
        guard fields.count >= 10, let dash = fields.dropFirst(6).firstIndex(of: "-"),
            dash + 2 < fields.endIndex,
            let id = Int(fields[0]), let parentID = Int(fields[1])
        else { return nil }
        let numbers = fields[2].split(separator: ":").compactMap { UInt32($0) }
        guard numbers.count == 2, fields[4].hasPrefix("/") else { return nil }
        self.id = id
        self.parentID = parentID
        device = UInt64(makedev(numbers[0], numbers[1]))
        root = fields[3]
        path = fields[4]
        fileSystem = fields[dash + 1]
        source = fields[dash + 2]
        options = dash + 3 < fields.endIndex ? fields[dash + 3].split(separator: ",").map(String.init) : []
    }

    private static func unescaped(_ field: some Collection<UInt8>) -> String {
        let bytes = Array(field)
        var plain: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = bytes[(index + 1)...].prefix(3)
            if bytes[index] == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                plain.append(code)
                index += 4
            } else {
                plain.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}

/// The number by which `stat` names a file system. Source: gnu_dev_makedev(3).
private func makedev(_ major: UInt32, _ minor: UInt32) -> UInt64 {
    let (major, minor) = (UInt64(major), UInt64(minor))
    return (minor & 0xFF) | ((major & 0xFFF) << 8) | ((minor & ~0xFF) << 12) | ((major & ~0xFFF) << 32)
}

extension FileSystem {
    /// The path with every link in it followed. Blocks for as long as any of its file systems does.
    public static func resolved(_ path: String) throws(FilesError) -> String {
        try FileSystem.mayAsk("resolve", path)
        guard let found = realpath(path, nil) else {
            throw FilesError("resolve", path, errorNumber: errno)
        }
        defer { free(found) }
        return String(cString: found)
    }

    /// The file system that a path lies on, links followed (`st_dev`).
    public static func deviceNumber(of path: String) throws(FilesError) -> UInt64 {
        try FileSystem.mayAsk("stat", path)
        var status = stat()
        guard stat(path, &status) == 0 else { throw FilesError("stat", path, errorNumber: errno) }
        return UInt64(status.st_dev)
    }

    /// Bytes in use on the file system that holds a path.
    public static func usedByteCount(at path: String) throws(FilesError) -> Int64 {
        let room = try room(at: path)
        return max(0, room.totalByteCount - room.privilegedFreeByteCount)
    }
}
