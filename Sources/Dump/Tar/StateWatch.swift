// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// Looks while tar makes an archive whether what it has listed still has room: tar writes its snapshot at the end, when all is uploaded.
///
/// A full dump lists each name once, and the snapshot will have it. That of an increment has its room already: a copy of its base.
struct StateWatch {
    /// Names between two looks.
    private static let step = 4096
    /// Of a directory beside its name: times and numbers.
    private static let directoryByteCount = 64

    private let room: StateRoom
    private var snapshotByteCount: Int64
    private var count = 0

    /// - Parameter existingByteCount: of the snapshot before tar runs.
    init(_ room: StateRoom, existingByteCount: Int64) {
        self.room = room
        snapshotByteCount = -existingByteCount
    }

    /// Why the snapshot will not have room; nil: it has, as far as is known. Blocks at each step.
    mutating func fault(after path: IndexPath) -> DumpError? {
        let bytes = path.stateLine.utf8
        let name = bytes.split(separator: UInt8(ascii: "/")).last?.count ?? 0
        snapshotByteCount += Int64(name + 2 + (path.isDirectory ? bytes.count + Self.directoryByteCount : 0))
        count += 1
        guard count % Self.step == 0, snapshotByteCount > 0 else { return nil }
        return room.fault(snapshotByteCount)
    }
}
