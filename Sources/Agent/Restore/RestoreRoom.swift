// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Files

/// Whether what a restore brings has room where it goes, asked before its first byte.
///
/// A chain takes at least what the largest of its dumps has and at most what they all have together: an increment mostly replaces.
/// What is unpacked over other data frees as it goes, and is not counted.
struct RestoreRoom: Sendable {
    /// What one disk takes.
    struct Need: Sendable, Equatable {
        let name: String
        /// Where it is unpacked; it may not exist yet.
        let path: String
        /// Of tar's streams, one for each dump; nil: not known.
        let byteCounts: [Int64?]
        /// It is put together beside what is there, which it then replaces.
        let isStaged: Bool

        var least: Int64 { byteCounts.compactMap { $0 }.max() ?? 0 }
        var most: Int64 { byteCounts.compactMap { $0 }.byteSum }
        var isKnown: Bool { !byteCounts.contains(nil) }
    }

    let node: String
    /// What cannot fit is a remark too: tar's lengths are all that is known, and many empty files need less.
    var isIgnored = false
    /// Of a directory that exists.
    var room: @Sendable (_ path: String) throws -> FileSystemRoom = { try FileSystem.room(at: $0) }

    /// What there is, and whether it is enough.
    struct Found: Sendable, Equatable {
        var systems: [NodeRestorePlan.Room] = []
        /// What could not be told, or may turn out too much.
        var remarks: [String] = []
        /// A file system on which it cannot fit.
        var refusals: [WireError] = []
    }

    /// - Parameter needs: in the order in which they are restored.
    /// - Returns: what could not be told, or may turn out too much.
    /// - Throws: `WireError` for a file system on which it cannot fit.
    func check(_ needs: [Need]) throws -> [String] {
        let found = try look(needs)
        if let refusal = found.refusals.first { throw refusal }
        return found.remarks
    }

    /// - Parameter needs: in the order in which they are restored.
    func look(_ needs: [Need]) throws -> Found {
        var found = Found()
        var systems: [UInt64: (room: FileSystemRoom, needs: [Need])] = [:]
        for need in needs {
            if !need.isKnown {
                found.remarks.append(
                    "whether '\(need.path)' has room for '\(need.name)' is not known: its size is not recorded"
                )
            }
            let room = try room(Self.existing(need.path))
            systems[room.device, default: (room, [])].needs.append(need)
        }
        for (room, needs) in systems.values.sorted(by: { $0.needs[0].path < $1.needs[0].path }) {
            let free = room.privilegedFreeByteCount
            let system = NodeRestorePlan.Room(
                path: needs[0].path, freeBytes: free, leastBytes: Self.peak(needs, \.least),
                mostBytes: Self.peak(needs, \.most))
            found.systems.append(system)
            if system.isShort, !room.mayCompress, !isIgnored {
                found.refusals.append(refusal(needs, free))
            } else if system.mayBeShort {
                found.remarks.append(Self.doubt(needs, free))
            }
        }
        return found
    }

    /// The most that lies on one file system at a time: what is staged goes again, what is not stays.
    private static func peak(_ needs: [Need], _ byteCount: (Need) -> Int64) -> Int64 {
        var (staying, peak) = (Int64(0), Int64(0))
        for need in needs {
            let total = [staying, byteCount(need)].byteSum
            peak = max(peak, total)
            if !need.isStaged { staying = total }
        }
        return peak
    }

    private func refusal(_ needs: [Need], _ free: Int64) -> WireError {
        let staged =
            needs.contains(where: \.isStaged)
            ? " An increment over other data is put together beside it first; with '--delete' it is not." : ""
        return WireError(
            .failed, node: node,
            "'\(needs[0].path)' has \(Quantity.bytes(free)) free, and what is restored there needs at least "
                + "\(Quantity.bytes(Self.peak(needs, \.least))): \(Self.list(needs, \.least))",
            hint:
                "make room there, restore to another file system with '--to DIR', or try with '--ignore-room'."
                + staged)
    }

    private static func doubt(_ needs: [Need], _ free: Int64) -> String {
        "'\(needs[0].path)' has \(Quantity.bytes(free)) free, and what is restored there may need "
            + "\(Quantity.bytes(peak(needs, \.most))): \(list(needs, \.most))"
    }

    private static func list(_ needs: [Need], _ byteCount: (Need) -> Int64) -> String {
        needs.map { "\($0.name) (\(Quantity.bytes(byteCount($0))))" }.joined(separator: ", ")
    }

    /// The directory itself, or the nearest above it that there is.
    private static func existing(_ path: String) -> String {
        var path = path
        while path != "/", path != ".", !FileSystem.isDirectory(path) {
            path = FileSystem.parentDirectory(of: path)
        }
        return path
    }
}

extension RestoreStep {
    /// What it takes of the file system; nil: nothing that could be told.
    ///
    /// - Parameters:
    ///   - place: what a killed restore left there is taken away first, or it would count as used.
    ///   - isEmpty: whether the target holds nothing that is replaced.
    ///   - isDry: it stays.
    func need(at place: RestorePlace, isEmpty: Bool, isDry: Bool = false) throws -> RestoreRoom.Need? {
        let path: String
        var isStaged = true
        switch place {
        case .straight:
            guard isEmpty else { return nil }
            path = target.path
            isStaged = false
        case .beside(let self):
            let restore = SelfRestore(self)
            if !isDry { try restore.discard() }
            path = FileSystem.parentDirectory(of: restore.staging)
        case .inside:
            if !isDry, FileSystem.isDirectory(target.path) {
                try OpenDirectory(target.path).removeTree(StagedRestore.name)
            }
            path = target.path
            isStaged = !isEmpty
        }
        return RestoreRoom.Need(
            name: name, path: path,
            byteCounts: plans.isEmpty
                ? stored.map(\.dumpedBytes)
                : plans.map { plan in plan.native.flatMap { $0.isKnown ? $0.byteCount : nil } },
            isStaged: isStaged)
    }
}
