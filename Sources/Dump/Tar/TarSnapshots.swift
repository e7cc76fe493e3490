// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
public import Files
import Glibc

/// The snapshots of one DLE that GNU tar's increments build on, one a level, shared with stock Amanda's amgtar.
///
/// Each lists the directories and the time of the dump that it was made with. Names: `<host><sanitised disk>_<level>`, in
/// the directory that GNUTAR-LISTDIR names. They belong to the dumpuser, who is who amgtar opens them as. Source: Amanda
/// 3.5.1 `application-src/amgtar.c`, `amgtar_get_incrname`.
public struct TarSnapshots: Sendable, Equatable {
    /// Amanda's greatest level (`DUMP_LEVELS` less one).
    public static let greatestLevel = 399
    /// Cheaper than a listing of the snapshots of many disks.
    private static let triedLevelCount = 8

    /// GNUTAR-LISTDIR.
    public let directory: String
    /// Up to the level.
    private let name: String

    /// - Throws: `DumpError.badProperty`.
    public init(host: String, dle: DLEDescription) throws(DumpError) {
        self.init(
            host: host, dle: dle, directory: try TarOptions(dle).snapshotDirectory)
    }

    init(host: String, dle: DLEDescription, directory: String) {
        self.directory = directory
        name = "\(host)\(sanitisedDiskName(dle.disk))_"
    }

    /// The highest level of which there is a snapshot: an increment may be of one level more at most. nil: there is none, and
    /// only a full dump is possible.
    ///
    /// That it exists does not prove that it is of the dump that the increment will be restored onto: see `startedAt`.
    var highestLevel: Int? { highestLevel(below: Self.greatestLevel + 1) }

    /// The level that amgtar builds a dump of `level` on.
    ///
    /// - Parameter listing: of its directory; nil: low levels are tried one after the other, for higher ones it is listed now.
    func highestLevel(below level: Int, in listing: SnapshotListing? = nil) -> Int? {
        let isLow = listing == nil && level <= Self.triedLevelCount
        let levels =
            isLow ? (0..<max(level, 0)).reversed() : (listing ?? SnapshotListing(directory)).levels(of: name)
        return levels.first { $0 < level && startedAt(level: $0) != nil }
    }

    /// When the dump began that the level's snapshot was made with, in seconds since 1970; nil: there is none, or it is not
    /// one that tar can build on, or its directory hangs.
    ///
    /// Shape: `GNU tar-<version>-2`, newline, the seconds in decimal, a zero byte. Source: GNU tar 1.34
    /// `src/incremen.c`, `write_directory_file`.
    public func startedAt(level: Int) -> Int64? {
        guard Hangs.at(directory) == nil else { return nil }
        BlockingThread.require("open", path(level: level))
        let file = open(path(level: level), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        let lines = bytes.prefix(max(0, count)).split(separator: 10, maxSplits: 1)
        guard lines.count == 2, lines[0].starts(with: "GNU tar-".utf8),
            lines[0].suffix(2).elementsEqual("-2".utf8)
        else { return nil }
        let digits = lines[1].prefix { $0 != 0 }
        guard digits.count < lines[1].count else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    /// Takes away a snapshot that is of no dump which a restore would have: the next dump of a level above starts lower.
    public func remove(level: Int) throws(FilesError) { try FileSystem.remove(path(level: level)) }

    func path(level: Int) -> String { "\(directory)/\(name)\(level)" }

    /// Lays the snapshot of a dump that is in the bucket beside its lasting name, and takes away those of its level and of
    /// higher ones, which are outdated now: an increment on one of them could not be restored.
    func hold(_ path: String, level: Int, owner: FileOwner?) throws(FilesError) -> TarSnapshot {
        var outdated: FilesError?
        for level in level...max(level, Self.greatestLevel) {
            do throws(FilesError) { try FileSystem.remove(self.path(level: level)) } catch {
                outdated = outdated ?? error
            }
        }
        if let outdated { throw outdated }
        try FileSystem.makeDirectories(directory, mode: 0o700, by: owner)
        let held = "\(self.path(level: level)).new"
        try FileSystem.copy(path, to: held, by: owner)
        return TarSnapshot(path: self.path(level: level), heldPath: held)
    }
}

/// The snapshot of a dump that is whole in the bucket, but stands in no catalog yet.
///
/// Until `keep` there is none of its level: were it kept and the catalog lost the dump to a crash, the next increment would
/// leave out what only the lost dump has.
public struct TarSnapshot: Sendable, Equatable {
    let path: String
    let heldPath: String

    /// The dump stands in the catalog: the next increment may build on it.
    ///
    /// - Throws: `FilesError`; the next increment builds on the level below then.
    public func keep() throws {
        try FileSystem.rename(heldPath, to: path)
    }

    /// The dump does not count after all.
    public func discard() {
        try? FileSystem.remove(heldPath)
    }
}
