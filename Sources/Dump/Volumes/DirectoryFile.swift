// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files

/// One file of a dump on its way into a directory.
actor DirectoryFile: DumpFile {
    /// Which file it is.
    struct Place: Sendable {
        let label: String
        let number: UInt32
        let path: [UInt8]
        let directory: String
        let patience: Patience
        /// Whose it is.
        let owner: FileOwner?
    }

    private let place: Place
    private let room: RoomClaim
    private let pieceByteCount: Int
    /// Nil once its data are whole: a dump may have more parts than a process may have files open.
    private var file: RandomAccessFile?
    private var sentByteCount: Int64 = 0

    init(place: Place, file: RandomAccessFile, room: RoomClaim, pieceByteCount: Int) {
        self.place = place
        self.file = file
        self.room = room
        self.pieceByteCount = pieceByteCount
    }

    nonisolated func claim(_ byteCount: Int) async -> VolumeError? {
        await room.claim(byteCount) ? nil : .full(label: place.label, room: room.summary)
    }

    /// What a thread that was given up does later, it does to this one file, whose header is marked as partial.
    private func onDisk<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await runBlocking("volume-file", asking: [place.directory], place.patience, work)
    }

    /// Every piece but the last is of one size, so that its number says where it goes.
    func send(piece: Int, _ block: ByteBlock) async throws {
        guard let file else { throw DumpError.inconsistent(what: "a piece came after the end of a file") }
        let offset = Int64(DirectoryFiles.headerByteCount) + Int64(piece - 1) * Int64(pieceByteCount)
        try await onDisk { try file.write(block.bytes, at: offset) }
        sentByteCount += Int64(block.count)
        room.written(block.count)
    }

    /// The data are on the disk, and as many as were sent, before any header says that they count.
    func finish() async throws -> DumpPart {
        guard let file else { throw DumpError.inconsistent(what: "a file was finished twice") }
        let found = try await onDisk {
            try file.synchronise()
            return try file.status().byteCount - Int64(DirectoryFiles.headerByteCount)
        }
        guard found == sentByteCount else {
            throw DumpError.inconsistent(
                what: "'\(file.path)' has \(found) bytes of data, \(sentByteCount) were sent")
        }
        self.file = nil
        return DumpPart(
            label: place.label, fileNumber: Int(place.number), headerKey: String(amandaBytes: place.path),
            byteCount: sentByteCount, proof: .length)
    }

    func writeHeader(_ header: DumpHeader) async throws {
        try await onDisk { [file, place] in
            let file = try file ?? RandomAccessFile(openingForWriting: place.path, by: place.owner)
            try file.writeHeader(header.inDirectory.bytes)
            try file.synchronise()
        }
    }

    /// The data of a file that was not completed go; its header, marked as partial, keeps the number.
    func abort() async -> String? {
        guard let file else { return nil }
        do {
            try await onDisk {
                try file.resize(to: Int64(DirectoryFiles.headerByteCount))
            }
            self.file = nil
            room.giveBack()
            return nil
        } catch {
            return "the data of a failed dump stay in '\(file.path)': \(error)"
        }
    }
}
