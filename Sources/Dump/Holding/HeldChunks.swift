// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files
import Logging
import Synchronization

/// The chunk files of one dump while it is being written. Every call blocks.
///
/// Each chunk is named `….tmp` and the first one's header is marked `PARTIAL=YES` until all data are on the disk. Then the
/// header that counts replaces it, and the chunks get their names, the first one last: readers begin with it, so that
/// a crash anywhere leaves nothing that looks whole.
final class HeldChunks: Sendable {
    private enum Phase { case writing, finished, counting, gone }

    private struct State {
        var phase = Phase.writing
        var chunks: [HeldChunk] = []
        /// Chunks whose predecessor names them.
        var linkedCount = 1
        /// Disks that take no more.
        var full: Set<Int>
    }

    private let header: DumpHeader
    private let name: HoldingName
    private let area: HoldingArea
    private let id: Int
    private let state: Mutex<State>
    /// By index in the area; besides the lock, which is held while a disk is waited for.
    private let used = Mutex<Set<Int>>([])

    /// That may be waited for: those with chunks of it, and those that the next may go to.
    var holdingDisks: [String] {
        let used = used.withLock { $0 }
        return area.places.enumerated().filter {
            used.contains($0.offset) || Hangs.at($0.element.directory) == nil
        }
        .map(\.element.directory)
    }
    var patience: Patience { .limit(area.stallLimit) }

    /// `header`: of the dump, without what is known only at the end.
    init(header: DumpHeader, area: HoldingArea, id: Int, unfit: Set<Int>) {
        self.header = header.asPartial
        name = HoldingName(host: header.host, disk: header.disk, level: header.level)
        self.area = area
        self.id = id
        state = Mutex(State(full: unfit))
    }

    /// The first chunk's, as it is named in the end.
    var path: String { state.withLock { $0.chunks.first?.path ?? name.first } }

    var dataByteCount: Int64 { state.withLock { $0.chunks.reduce(0) { $0 + $1.dataByteCount } } }

    /// Writes the next bytes of the stream, into as many chunks as they need.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        try state.withLock { state in
            guard state.phase == .writing else { throw CancellationError() }
            var taken = 0
            while taken < bytes.count {
                if state.chunks.last?.isFull ?? true { try openNext(&state) }
                taken += try write(UnsafeRawBufferPointer(rebasing: bytes[taken...]), &state)
            }
        }
    }

    /// Every byte has come: all of them are on the disk when this returns, but for the header that counts.
    func finish() throws {
        try state.withLock { state in
            guard state.phase == .writing else { throw CancellationError() }
            if state.chunks.isEmpty { try openNext(&state) }
            for index in state.chunks.indices {
                try state.chunks[index].synchronise()
                if index > 0 { state.chunks[index].close() }
            }
            state.phase = .finished
        }
    }

    /// Writes the first chunk's header anew. The first time the dump counts when this returns; nothing happens to one that
    /// was given up.
    ///
    /// - Returns: what lies there now.
    func commit(_ header: DumpHeader) throws -> HeldDump? {
        try state.withLock { state in
            guard state.phase == .finished || state.phase == .counting, let first = state.chunks.first else {
                return nil
            }
            let final = header.chunk(0, next: state.chunks.dropFirst().first?.path)
            try first.complete(final)
            if state.phase == .finished {
                try Self.nameAll(state.chunks)
                state.phase = .counting
            }
            return HeldDump(
                header: final,
                chunks: state.chunks.map { .init(path: $0.path, dataByteCount: $0.dataByteCount) },
                fault: final.isPartial ? HeldDump.cutShort : nil)
        }
    }

    /// Removes every chunk of a dump that does not count, the first one first.
    ///
    /// - Returns: false for a dump that counts: it stays.
    func abandon() throws -> Bool {
        try state.withLock { state in
            guard state.phase != .counting else { return false }
            state.phase = .gone
            for chunk in state.chunks { try chunk.remove() }
            state.chunks = []
            return true
        }
    }

    /// - Returns: how many of the bytes are on a disk for good.
    private func write(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws -> Int {
        let last = state.chunks.count - 1
        let written = try state.chunks[last].write(bytes)
        let chunk = state.chunks[last]
        area.wrote(Int64(written), of: id, on: chunk.disk)
        if chunk.isCut { state.full.insert(chunk.disk) }
        if chunk.dataByteCount == 0 {
            try chunk.remove()
            state.chunks.removeLast()
        } else {
            try link(last, &state)
        }
        return written
    }

    /// A chunk that holds data is named by the one before it, which is complete then; but the first one's header comes last.
    private func link(_ index: Int, _ state: inout State) throws {
        guard index >= state.linkedCount else { return }
        state.linkedCount = index + 1
        try state.chunks[index - 1].complete(header.chunk(index - 1, next: state.chunks[index].path))
        if index > 1 { state.chunks[index - 1].close() }
    }

    private func openNext(_ state: inout State) throws {
        while let share = try area.nextChunk(of: id, without: state.full) {
            if let chunk = try makeChunk(state.chunks.count, share) {
                area.logger.debug("chunk begins", metadata: ["path": "\(chunk.path)"])
                state.chunks.append(chunk)
                used.withLock { _ = $0.insert(share.disk) }
                return
            }
            state.full.insert(share.disk)
        }
        throw HoldingError.full(
            writtenByteCount: state.chunks.reduce(0) { $0 + $1.dataByteCount },
            directories: area.places.map(\.directory))
    }

    /// nil: the disk is full.
    private func makeChunk(_ index: Int, _ share: HoldingSpace.Share) throws -> HeldChunk? {
        do {
            return try HeldChunk(
                index, name: name.chunk(index), in: area.runDirectory(on: share.disk), disk: share.disk,
                byteCount: share.byteCount, header: header, owner: area.owner)
        } catch let error as FilesError where error.isDiskFull {
            return nil
        }
    }

    private static func nameAll(_ chunks: [HeldChunk]) throws {
        for chunk in chunks.dropFirst().reversed() {
            try FileSystem.rename(chunk.temporaryPath, to: chunk.path)
        }
        for directory in Set(chunks.map(\.directory)) { try FileSystem.synchroniseDirectory(directory) }
        guard let first = chunks.first else { return }
        try FileSystem.rename(first.temporaryPath, to: first.path)
        try FileSystem.synchroniseDirectory(first.directory)
    }
}
