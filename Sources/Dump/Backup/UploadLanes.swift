// SPDX-License-Identifier: Apache-2.0

import BlockingWork

/// One full upload part on its way to a lane.
struct UploadPiece: Sendable {
    /// The index among the dump's files.
    let file: Int
    /// From 1 in its file.
    let number: Int
    let block: ByteBlock
}

extension HandOver<UploadPiece> {
    /// One lane: stores pieces as they come, until there are no more.
    func upload(to files: DumpFiles, releasingTo pool: BlockPool, _ meter: ProgressMeter) async throws {
        while let piece = try await take() {
            let count = piece.block.count
            try await files.send(piece.file, piece: piece.number, piece.block)
            pool.release(piece.block)
            meter.add(stored: count)
        }
    }
}

/// Copies the stored stream into upload parts and cuts it into files. Owned by one task.
struct PartAssembler {
    let files: DumpFiles
    let pool: BlockPool
    let lanes: HandOver<UploadPiece>
    let meter: ProgressMeter
    var cutter: PartCutter
    /// The file being written, by its index; nil between two.
    private var file: Int?
    private var filling: ByteBlock?

    init(
        files: DumpFiles, pool: BlockPool, lanes: HandOver<UploadPiece>, meter: ProgressMeter,
        cutter: PartCutter
    ) {
        self.files = files
        self.pool = pool
        self.lanes = lanes
        self.meter = meter
        self.cutter = cutter
    }

    /// Takes the next piece of the stream; `isWhole`: it must not be divided between files.
    mutating func append(_ piece: ByteBlock, isWhole: Bool) async throws {
        var offset = 0
        while offset < piece.count {
            let share = try await placed(piece.count - offset, isWhole: isWhole)
            for step in cutter.take(share) {
                if case .append(let count) = step {
                    try await append(piece, offset..<offset + count)
                    offset += count
                } else {
                    try await carryOut(step)
                }
            }
        }
    }

    /// Makes sure that a file is open whose volume has room for the next bytes of the stream.
    ///
    /// - Returns: how many of `byteCount` go there.
    private mutating func placed(_ byteCount: Int, isWhole: Bool) async throws -> Int {
        let share = cutter.share(of: byteCount, isWhole: isWhole)
        if let file {
            if share > 0 {
                guard let refusal = await files.claim(file, byteCount: share) else { return share }
                guard cutter.allowsSplit else { throw refusal }
            }
            for step in cutter.cut() { try await carryOut(step) }
        }
        let first = cutter.share(of: byteCount, isWhole: isWhole)
        file = try await files.begin(room: first)
        return first
    }

    /// The stream has ended: the last file is closed, and no further piece will reach the lanes.
    mutating func finish() async throws {
        for step in cutter.finish() { try await carryOut(step) }
        lanes.finish()
    }

    private mutating func append(_ piece: ByteBlock, _ range: Range<Int>) async throws {
        let block: ByteBlock
        if let filling {
            block = filling
        } else {
            let start = ContinuousClock.now
            block = try await pool.acquire()
            meter.waited(ContinuousClock.now - start, for: .storage)
            filling = block
        }
        let copied = block.append(UnsafeRawBufferPointer(rebasing: piece.bytes[range]))
        precondition(copied == range.count, "the cutter and the blocks disagree")
    }

    private mutating func carryOut(_ step: PartCutter.Step) async throws {
        switch step {
        case .append: preconditionFailure("has its bytes to be given")
        case .send(let number):
            guard let block = filling else { return }
            filling = nil
            try await lanes.put(UploadPiece(file: openFile(), number: number, block: block))
        case .close(let pieceCount):
            try await files.close(openFile(), pieceCount: pieceCount)
            file = nil
        }
    }

    /// Also of a stream without a byte.
    private mutating func openFile() async throws -> Int {
        if let file { return file }
        let opened = try await files.begin(room: 0)
        file = opened
        return opened
    }
}
