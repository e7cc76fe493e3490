// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Digest
import S3
import Synchronization

/// How the ranges of one dump's stored stream came, over all attempts to unpack it: their checksums, and what had to be read again.
///
/// A range that was read before counts only when two readings of it agree; what then cannot be used is damaged in the store.
/// Memory: 16 bytes a range.
public final class StreamReadings: Sendable {
    private struct Reading {
        var checksum: UInt32?
        /// Two readings were the same.
        var isConfirmed = false
    }

    private struct State {
        var ranges: [Reading] = []
        var readsEachTwice = false
        var attempt = 0
        var notes: [String] = []
        var damagedRangeCount = 0
    }

    private static let noteLimit = 5

    private let state = Mutex(State())

    /// Nothing has been read yet.
    public init() {}

    /// Another attempt begins. Every range is read twice where nothing else shows what is wrong, and where an attempt has failed.
    func begin(_ ranges: StoredRanges, readsEachTwice: Bool) {
        state.withLock { state in
            if state.ranges.count != ranges.count {
                state.ranges = Array(repeating: Reading(), count: ranges.count)
            }
            state.attempt += 1
            state.readsEachTwice = readsEachTwice || state.attempt > 1
        }
    }

    /// Reads a range; what comes is what the store has, as far as readings can show that.
    ///
    /// - Throws: `RestoreError.changesOnTheWay` where no two readings agree.
    func read(_ fetch: RestorePipeline.Fetch) async throws {
        let range = fetch.range
        var readings = Readings<UInt32>()
        let (earlier, readsTwice) = state.withLock { state in
            (state.ranges[fetch.index].checksum, state.readsEachTwice)
        }
        if let earlier { _ = readings.agree(on: earlier) }
        let isDoubted = range.way != .here && (earlier != nil || readsTwice)
        while true {
            try await range.read(into: fetch.block, onNewConnection: isDoubted && readings.count > 0)
            var checksum = CRC32C()
            checksum.update(fetch.block.bytes)
            if readings.agree(on: checksum.value) || !isDoubted {
                return accept(
                    checksum.value, range, fetch.index, readings, isConfirmed: isDoubted || range.way == .here
                )
            }
            guard !readings.areExhausted else {
                throw RestoreError.changesOnTheWay(range: range.text, readings: readings.count)
            }
        }
    }

    private func accept(
        _ checksum: UInt32, _ range: StoredStream.Range, _ index: Int, _ readings: Readings<UInt32>,
        isConfirmed: Bool
    ) {
        let count = readings.differing(from: checksum)
        state.withLock { state in
            state.ranges[index] = Reading(checksum: checksum, isConfirmed: isConfirmed)
            guard count > 0 else { return }
            state.damagedRangeCount += 1
            guard state.damagedRangeCount <= Self.noteLimit else { return }
            state.notes.append(
                "\(range.text), arrived damaged \(count == 1 ? "once" : "\(count) times"): fetched again on a new connection, whole"
            )
        }
    }

    /// Something has been read.
    var haveBegun: Bool { state.withLock { $0.ranges.contains { $0.checksum != nil } } }

    /// Whether all that is known of those ranges is known for certain: the store gave the same twice.
    func areConfirmed(_ indices: some Sequence<Int>) -> Bool {
        state.withLock { state in
            indices.allSatisfy { state.ranges[$0].isConfirmed || state.ranges[$0].checksum == nil }
        }
    }

    /// The checksum of ranges that follow each other; nil where one was not read.
    func checksum(_ indices: Range<Int>, of ranges: StoredRanges) -> CRCSize? {
        let checksums = state.withLock { state in indices.map { state.ranges[$0].checksum } }
        var sum = CRCSize(crc32c: 0, byteCount: 0)
        for (range, checksum) in zip(ranges[indices], checksums) {
            guard let checksum else { return nil }
            let byteCount = Int64(range.bytes.count)
            sum = CRCSize(
                crc32c: CRC32C.combined(sum.crc32c, checksum, secondByteCount: byteCount),
                byteCount: sum.byteCount + byteCount)
        }
        return sum
    }

    /// What a report says of it.
    var notes: [String] {
        state.withLock { state in
            let rest = state.damagedRangeCount - state.notes.count
            return state.notes
                + (rest > 0 ? ["\(rest) more ranges of it arrived damaged, and were fetched again"] : [])
        }
    }
}
