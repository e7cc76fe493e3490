// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files
import Glibc
import Saturation
import Synchronization

/// Whether the agent's own directory has room for what a dump lays there, asked before its first byte and while tar runs.
public struct StateRoom: Sendable {
    /// Where free room is so many times what the last snapshot takes, that is not read.
    private static let plenty: Int64 = 64

    private let directory: String

    /// - Parameter directory: below which the dump's own will lie; it exists.
    public init(_ directory: String) {
        self.directory = directory
    }

    /// Why a dump of a DLE at its level would end for want of room, by the last snapshot of the disk; nil: it would not, or there is
    /// none. Blocks.
    public func fault(of dle: DLEDescription, host: String) -> DumpError? {
        faults(of: [(dle, host)])[0]
    }

    /// The same of many, in their order; each directory of snapshots is listed once.
    public func faults(of disks: [(dle: DLEDescription, host: String)]) -> [DumpError?] {
        var listings: [String: SnapshotListing] = [:]
        return disks.map { dle, host in
            guard let snapshots = try? TarSnapshots(host: host, dle: dle) else { return nil }
            let listing = listings[snapshots.directory] ?? SnapshotListing(snapshots.directory)
            listings[snapshots.directory] = listing
            return need(snapshots, level: dle.level, isIndexed: dle.isIndexed, listing).flatMap(fault)
        }
    }

    /// What it will need; nil where nobody knows, or there is room for many times that.
    func need(
        _ snapshots: TarSnapshots, level: Int, isIndexed: Bool, _ listing: SnapshotListing? = nil
    ) -> Int64? {
        let highest = snapshots.highestLevel(below: TarSnapshots.greatestLevel + 1, in: listing)
        guard let last = highest.map(snapshots.path), let byteCount = try? FileSystem.status(last)?.byteCount,
            let free
        else { return nil }
        let plenty = byteCount.saturatingTimes(Self.plenty).saturatingPlus(StateNeed.spareByteCount)
        guard free < plenty else { return nil }
        // The next one is as long. It may be a hole that nobody reads to its end.
        guard byteCount < free else { return byteCount.saturatingPlus(StateNeed.spareByteCount) }
        return try? StateNeed(snapshot: last).byteCount(level: level, isIndexed: isIndexed)
    }

    func fault(_ neededByteCount: Int64) -> DumpError? {
        guard let free, free < neededByteCount else { return nil }
        return .noStateRoom(directory: directory, neededByteCount: neededByteCount, freeByteCount: free)
    }

    /// A write there has failed for want of room.
    private var fullFault: DumpError {
        .noStateRoom(directory: directory, neededByteCount: nil, freeByteCount: free ?? 0)
    }

    /// What a failure means where it is one of room in this directory: which file it was says less than what is full. Blocks.
    func named(_ error: any Error) -> any Error {
        guard let error = error as? FilesError, error.errorNumber == ENOSPC || error.errorNumber == EDQUOT,
            error.path.hasPrefix(directory)
        else { return error }
        return fullFault
    }

    /// Less what dumps beside this one still need; nil where nobody knows, as of a file system that compresses.
    private var free: Int64? {
        guard let room = try? FileSystem.room(at: directory), !room.mayCompress else { return nil }
        let free = geteuid() == 0 ? room.privilegedFreeByteCount : room.freeByteCount
        return max(0, free - StateReservations.shared.outstanding(on: room.device))
    }
}

/// What dumps that run side by side still may write into the agent's directory.
final class StateReservations: Sendable {
    static let shared = StateReservations()

    private struct Reservation {
        let device: UInt64
        let byteCount: Int64
        /// What it is for, and counts no more once it lies there.
        let files: [String]
    }

    private let state = Mutex<(last: Int, all: [Int: Reservation])>((0, [:]))

    /// - Parameter directory: where the files will lie; it exists.
    /// - Returns: to be given back; nil: nothing is reserved.
    func reserve(_ byteCount: Int64, in directory: String, for files: [String]) -> Int? {
        guard let device = try? FileSystem.deviceNumber(of: directory) else { return nil }
        return state.withLock { state in
            state.last += 1
            state.all[state.last] = Reservation(device: device, byteCount: byteCount, files: files)
            return state.last
        }
    }

    func release(_ number: Int?) {
        guard let number else { return }
        state.withLock { _ = $0.all.removeValue(forKey: number) }
    }

    func outstanding(on device: UInt64) -> Int64 {
        state.withLock { $0.all.values.filter { $0.device == device } }.reduce(0) { sum, reservation in
            let written = reservation.files.reduce(Int64(0)) { sum, file in
                sum.saturatingPlus((try? FileSystem.status(file)?.byteCount) ?? 0)
            }
            return sum.saturatingPlus(max(0, reservation.byteCount - written))
        }
    }
}
