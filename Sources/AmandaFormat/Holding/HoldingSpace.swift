// SPDX-License-Identifier: Apache-2.0

/// Which holding disk a dump, and each of its chunks, goes to, and how much may lie there. Pure.
///
/// As seen with Amanda 3.5.1 (`server-src/driver.c`, `find_diskspace`): the disk that the fewest dumps are written to comes
/// first, then the one with most room, then the order of `amanda.conf`; a dump may lie on several.
public struct HoldingSpace: Sendable, Equatable {
    /// A chunk holds its header and at least as much data. Source: amanda.conf(5), `chunksize`.
    public static let smallestChunkByteCount = Int64(2 * DumpHeader.chunkHeaderByteCount)

    /// One holding disk, as it is now.
    public struct Disk: Sendable, Equatable {
        /// `use`: at most so much; 0: all there is; negative: all but so much.
        public var useByteCount: Int64
        /// `chunksize`, header included.
        var chunkByteCount: Int64
        /// Equal for two disks that share their room.
        var fileSystem: UInt64
        /// What the kernel says is free.
        var freeByteCount: Int64
        /// What lies there already; counts against a positive `use`.
        public var heldByteCount: Int64
        /// Promised to other dumps, and not written yet.
        var promisedByteCount: Int64
        /// Other dumps that are being written there.
        var dumpCount: Int

        public init(
            useByteCount: Int64, chunkByteCount: Int64, fileSystem: UInt64, freeByteCount: Int64,
            heldByteCount: Int64 = 0, promisedByteCount: Int64 = 0, dumpCount: Int = 0
        ) {
            self.useByteCount = useByteCount
            self.chunkByteCount = chunkByteCount
            self.fileSystem = fileSystem
            self.freeByteCount = freeByteCount
            self.heldByteCount = heldByteCount
            self.promisedByteCount = promisedByteCount
            self.dumpCount = dumpCount
        }
    }

    /// Room on one disk.
    public struct Share: Sendable, Hashable {
        /// Its index.
        public var disk: Int
        public var byteCount: Int64

        init(disk: Int, byteCount: Int64) {
            self.disk = disk
            self.byteCount = byteCount
        }
    }

    /// In the order of `amanda.conf`.
    public var disks: [Disk]

    public init(_ disks: [Disk]) {
        self.disks = disks
    }

    /// Bytes that a further dump may write to a disk.
    public func room(_ index: Int) -> Int64 {
        let disk = disks[index]
        let promisedBeside = disks.filter { $0.fileSystem == disk.fileSystem }
            .reduce(Int64(0)) { $0.addingClipped($1.promisedByteCount) }
        let free = disk.freeByteCount.subtractingClipped(promisedBeside)
        let allowed =
            disk.useByteCount > 0
            ? disk.useByteCount.subtractingClipped(disk.heldByteCount)
                .subtractingClipped(disk.promisedByteCount)
            : .max
        let spared = disk.useByteCount < 0 ? free.addingClipped(disk.useByteCount) : free
        return max(0, min(spared, allowed))
    }

    /// All room; file systems that several disks share count once.
    public var totalRoom: Int64 {
        var rooms: [UInt64: (sum: Int64, free: Int64)] = [:]
        for (index, disk) in disks.enumerated() {
            let before = rooms[disk.fileSystem]?.sum ?? 0
            rooms[disk.fileSystem] = (before.addingClipped(room(index)), disk.freeByteCount)
        }
        return rooms.values.reduce(Int64(0)) { $0.addingClipped(min($1.sum, $1.free)) }
    }

    /// Where a dump of so many bytes would go; nil if there is no room for it.
    public func place(byteCount: Int64) -> [Share]? {
        var left = max(byteCount, Self.smallestChunkByteCount)
        guard left <= totalRoom else { return nil }
        var shares: [Share] = []
        for index in order where left > 0 {
            let taken = min(left, room(index))
            guard taken >= min(left, Self.smallestChunkByteCount) else { continue }
            shares.append(Share(disk: index, byteCount: taken))
            left -= taken
        }
        return left > 0 ? nil : shares
    }

    /// The disk and the greatest length, header included, of a dump's next chunk; nil if every disk is full.
    ///
    /// - Parameters:
    ///   - preferred: the disk at which the dump is, while there is room.
    ///   - full: disks on which the kernel has refused more.
    public func nextChunk(preferring preferred: Int?, without full: Set<Int> = []) -> Share? {
        let candidates = ([preferred].compactMap { $0 } + order).filter { !full.contains($0) }
        for index in candidates {
            let unit = Int64(DumpHeader.chunkHeaderByteCount)
            let byteCount = min(disks[index].chunkByteCount, room(index)) / unit * unit
            if byteCount >= Self.smallestChunkByteCount { return Share(disk: index, byteCount: byteCount) }
        }
        return nil
    }

    private var order: [Int] {
        disks.indices.sorted { left, right in
            let (one, other) = (disks[left], disks[right])
            if one.dumpCount != other.dumpCount { return one.dumpCount < other.dumpCount }
            let (oneRoom, otherRoom) = (room(left), room(right))
            return oneRoom == otherRoom ? left < right : oneRoom > otherRoom
        }
    }
}

extension Int64 {
    fileprivate func addingClipped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    fileprivate func subtractingClipped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : difference
    }
}
