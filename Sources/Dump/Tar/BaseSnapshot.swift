// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc

/// The base of an increment, without the directories that are gone from their names.
///
/// tar recognises a renamed directory by its inode number, and stores the renaming instead of the contents. When the number
/// was given to a new directory meanwhile, which `rm` and `mkdir` are enough for, an archive says that one directory became
/// another that is in the way: `tar -G` then fails with `Cannot rename … Directory not empty`, and deletes nothing any more
/// (seen with GNU tar 1.34, and so in stock Amanda). What the base does not know tar takes for new and stores whole, so that
/// each of our increments can be unpacked onto its base.
///
/// Shape: `GNU tar-<version>-2`, newline, seconds, nanoseconds; then for each directory: NFS or not, seconds, nanoseconds,
/// device, inode, name, what it holds, nothing, nothing. Each field ends with a zero byte. Source: GNU tar's manual, "Snapshot
/// Files", format 2.
struct BaseSnapshot {
    /// NFS or not, seconds, nanoseconds, device, inode, name.
    private static let headFieldCount = 6
    private static let pieceByteCount = 1 << 20
    /// No name is longer.
    private static let fieldByteCountLimit = 1 << 20

    private let directory: FileDescriptorOwner
    private let checksDevice: Bool
    private let source: String
    private let target: String
    private var output: [UInt8] = []
    private var field: [UInt8] = []
    private var timeFieldCount = 0
    private var head: [[UInt8]] = []
    private var isKept = false
    private var emptyFieldCount = 0
    /// By which the base knew a directory that is where it was.
    private var formerDevice: UInt64?

    /// - Parameters:
    ///   - directory: what tar reads; names are relative to it.
    ///   - target: appended to.
    private init(
        _ source: String, directory: String, checksDevice: Bool, target: String
    ) throws(FilesError) {
        let number = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw FilesError("open", directory, errorNumber: errno) }
        self.directory = FileDescriptorOwner(number)
        self.checksDevice = checksDevice
        self.source = source
        self.target = target
    }

    /// - Returns: by what number the base knew the file system, where it has another now and tar minds: then the increment
    ///   stores everything.
    /// - Throws: `DumpError.damagedSnapshot` for one that ends in the middle; `FilesError`.
    @discardableResult
    static func copy(
        _ source: String, to target: String, directory: String, checksDevice: Bool
    ) throws -> UInt64? {
        var base = try BaseSnapshot(
            source, directory: directory, checksDevice: checksDevice, target: target)
        try FileSystem.forEachBlock(of: source, byteCount: pieceByteCount) { try base.take($0) }
        guard base.timeFieldCount == 2, base.field.isEmpty, base.head.isEmpty else {
            throw DumpError.damagedSnapshot(path: source)
        }
        try base.flush()
        return base.formerDevice
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0) {
            field.append(contentsOf: rest[..<end])
            try endField()
            field.removeAll(keepingCapacity: true)
            rest = rest[(end + 1)...]
        }
        field.append(contentsOf: rest)
        guard field.count <= Self.fieldByteCountLimit else { throw DumpError.damagedSnapshot(path: source) }
    }

    private mutating func endField() throws {
        if timeFieldCount < 2 {
            timeFieldCount += 1
            return try write(field)
        }
        guard head.count == Self.headFieldCount else {
            head.append(field)
            if head.count == Self.headFieldCount {
                isKept = isWhereItWas()
                for field in head where isKept { try write(field) }
            }
            return
        }
        if isKept { try write(field) }
        emptyFieldCount = field.isEmpty ? emptyFieldCount + 1 : 0
        if emptyFieldCount == 2 {
            head.removeAll()
            emptyFieldCount = 0
        }
    }

    private mutating func isWhereItWas() -> Bool {
        var status = stat()
        let name = head[5].map { CChar(bitPattern: $0) } + [0]
        guard fstatat(directory.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFDIR, head[4].elementsEqual(String(status.st_ino).utf8)
        else { return false }
        let isOnNFS = head[0] != Array("0".utf8)
        let isSameDevice = head[3].elementsEqual(String(status.st_dev).utf8)
        if checksDevice, !isOnNFS, !isSameDevice {
            formerDevice = formerDevice ?? UInt64(String(decoding: head[3], as: UTF8.self))
        }
        return !checksDevice || isOnNFS || isSameDevice
    }

    private mutating func write(_ field: [UInt8]) throws(FilesError) {
        output += field
        output.append(0)
        if output.count >= Self.pieceByteCount { try flush() }
    }

    private mutating func flush() throws(FilesError) {
        try FileSystem.append(target, output)
        output.removeAll(keepingCapacity: true)
    }
}
