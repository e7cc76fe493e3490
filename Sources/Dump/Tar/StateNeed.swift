// SPDX-License-Identifier: Apache-2.0

import Files
import Saturation

/// Room that a dump takes in the agent's own directory: tar's snapshot and the index, both plain.
///
/// The last snapshot of the disk lists every directory with its names, and tells both: the next one is as large, and the index of a
/// full dump has each name behind its directory's. Measured with GNU tar 1.34: a name takes its own length and 2 bytes in the
/// snapshot, its whole path and about 12 bytes in the index.
struct StateNeed: Sendable, Equatable {
    /// Of the lasting snapshot.
    private(set) var snapshotByteCount: Int64 = 0
    /// Of the index of a full dump.
    private(set) var fullIndexByteCount: Int64 = 0
    /// Of an increment that finds nothing new: every directory stands in it.
    private(set) var leastIndexByteCount: Int64 = 0

    /// A block's number, two blanks or slashes, the line's end.
    private static let lineByteCount: Int64 = 13
    /// Of what is expected a tenth more, for a disk that grows, and this.
    static let spareByteCount: Int64 = 64 << 10

    /// Reads the whole snapshot; blocks.
    init(snapshot path: String) throws {
        snapshotByteCount = try FileSystem.status(path)?.byteCount ?? 0
        var walk = SnapshotWalk()
        var (full, least, directory): (Int64, Int64, Int64) = (0, 0, 0)
        try FileSystem.forEachBlock(of: path, byteCount: 1 << 20) { block in
            walk.take(block) { field in
                switch field {
                case .directory(let length):
                    directory = Int64(length) + Self.lineByteCount
                    full += directory
                    least += directory
                case .name(let length, let isDirectory):
                    if !isDirectory { full += directory + Int64(length) }
                }
            }
        }
        (fullIndexByteCount, leastIndexByteCount) = (full, least)
    }

    /// The most that lies there at a time: an increment's base is copied twice before tar begins.
    func byteCount(level: Int, isIndexed: Bool) -> Int64 {
        let index = isIndexed ? (level == 0 ? fullIndexByteCount : leastIndexByteCount) : 0
        let peak = max(
            snapshotByteCount.saturatingPlus(index), level > 0 ? snapshotByteCount.saturatingTimes(2) : 0)
        return peak.saturatingPlus(peak / 10).saturatingPlus(Self.spareByteCount)
    }
}
