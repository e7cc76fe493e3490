// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Synchronization

/// How much more a volume takes, shared by all that is written to it side by side.
///
/// Whoever has bytes for the volume claims them first, so that it never holds more than its limit and a file ends before
/// the volume does. Where a file system is watched, what is claimed and not yet written counts as taken there too.
public final class VolumeRoom: Sendable {
    private struct State {
        var used: Int64
        var unwritten: Int64 = 0
        /// Of all that was ever claimed.
        var written: Int64 = 0
        /// On the file system, when it was looked at last.
        var free: Int64?

        /// - Parameter free: what the file system takes at least; nil: not watched.
        mutating func claim(_ byteCount: Int64, limit: Int64?, free: Int64?) -> Bool {
            if let limit, used + byteCount > limit { return false }
            if let free, unwritten + byteCount > free { return false }
            used += byteCount
            unwritten += byteCount
            return true
        }
    }

    private let limit: Int64?
    private let freeByteCount: (@Sendable () -> Int64?)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - limit: of all bytes on the volume, headers included; nil: there is none.
    ///   - used: what lies there already.
    ///   - freeByteCount: of the file system, with what must stay free taken off; nil or a nil answer: not watched. May
    ///     block.
    public init(limit: Int64?, used: Int64 = 0, freeByteCount: (@Sendable () -> Int64?)? = nil) {
        self.limit = limit
        self.freeByteCount = freeByteCount
        state = Mutex(State(used: used))
    }

    /// Sets bytes aside; false where the volume is too full for them. The file system is looked at without the lock.
    func claim(_ byteCount: Int64) async -> Bool {
        guard let freeByteCount else {
            return state.withLock { $0.claim(byteCount, limit: limit, free: nil) }
        }
        let writtenBefore = state.withLock { $0.written }
        let found = (try? await runBlocking("volume-room") { freeByteCount() }) ?? nil
        return state.withLock { state in
            // What was written meanwhile may not be counted in what the kernel said.
            let free = found.map { $0 - (state.written - writtenBefore) }
            state.free = free
            return state.claim(byteCount, limit: limit, free: free)
        }
    }

    /// So many of the bytes that were claimed are on the file system.
    func written(_ byteCount: Int64) {
        state.withLock { state in
            state.unwritten = max(0, state.unwritten - byteCount)
            state.written += byteCount
        }
    }

    /// So many bytes were claimed, and do not come or have gone again.
    func giveBack(_ byteCount: Int64, unwritten: Int64) {
        state.withLock { state in
            state.used -= byteCount
            state.unwritten = max(0, state.unwritten - unwritten)
        }
    }

    /// Bytes on the volume, claimed ones included.
    var usedByteCount: Int64 { state.withLock { $0.used } }

    /// For messages: what is used, of how much, and what was free on the disk when it was looked at last.
    var summary: String {
        let (used, free) = state.withLock { ($0.used, $0.free) }
        let limited = limit.map { "\(used) bytes of \($0) are used" } ?? "\(used) bytes are used"
        return limited + (free.map { ", \(max(0, $0)) are free on its disk" } ?? "")
    }
}

/// What one file has claimed of its volume's room.
final class RoomClaim: Sendable {
    private struct State {
        var claimed: Int64
        var written: Int64
    }

    private let room: VolumeRoom
    private let state: Mutex<State>

    /// - Parameters:
    ///   - claimed: for the file's data, when it was opened.
    init(_ room: VolumeRoom, claimed: Int) {
        self.room = room
        state = Mutex(State(claimed: Int64(claimed), written: 0))
    }

    var summary: String { room.summary }

    func claim(_ byteCount: Int) async -> Bool {
        guard await room.claim(Int64(byteCount)) else { return false }
        state.withLock { $0.claimed += Int64(byteCount) }
        return true
    }

    func written(_ byteCount: Int) {
        room.written(Int64(byteCount))
        state.withLock { $0.written += Int64(byteCount) }
    }

    /// The file's data do not stay.
    func giveBack() {
        let (claimed, written) = state.withLock { state in
            defer { state = State(claimed: 0, written: 0) }
            return (state.claimed, state.written)
        }
        room.giveBack(claimed, unwritten: claimed - written)
    }
}
