// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Logging

/// The files that one dump writes, in order: its dump parts.
///
/// A file is completed, and proved, by whoever stores its last piece; nothing here is finished twice.
actor DumpFiles {
    private let target: any DumpTarget
    private let header: DumpHeader
    private let logger: Logger
    private var files: [OpenFile] = []
    /// A header that counts may have been written.
    private var isConcluding = false

    private struct OpenFile {
        let file: any DumpFile
        var sentPieceCount = 0
        var expectedPieceCount: Int?
        var finished: DumpPart?
    }

    /// `header`: of every part, without what is known only at the end.
    init(target: any DumpTarget, header: DumpHeader, logger: Logger) {
        self.target = target
        self.header = header
        self.logger = logger
    }

    /// The completed dump parts, in order.
    var finishedParts: [DumpPart] { files.compactMap(\.finished) }

    /// Opens the next file, in which `room` bytes are claimed. Called by one task at a time.
    ///
    /// - Returns: its index among the dump's files.
    func begin(room: Int) async throws -> Int {
        files.append(OpenFile(file: try await target.open(numbered(header, files.count), room: room)))
        logger.debug("part begins", metadata: ["part": "\(files.count)"])
        return files.count - 1
    }

    /// Sets bytes aside for a file that is open.
    ///
    /// - Returns: that its volume is full; nil: it is not.
    func claim(_ index: Int, byteCount: Int) async -> VolumeError? {
        await files[index].file.claim(byteCount)
    }

    /// Stores one piece, numbered from 1 in its file; the block is the caller's again afterwards.
    func send(_ index: Int, piece: Int, _ block: ByteBlock) async throws {
        try await files[index].file.send(piece: piece, block)
        files[index].sentPieceCount += 1
        try await finishIfWhole(index)
    }

    /// No more pieces than `pieceCount` come.
    func close(_ index: Int, pieceCount: Int) async throws {
        files[index].expectedPieceCount = pieceCount
        try await finishIfWhole(index)
    }

    private func finishIfWhole(_ index: Int) async throws {
        guard files[index].expectedPieceCount == files[index].sentPieceCount else { return }
        files[index].expectedPieceCount = nil  // nobody else finishes it
        let part = try await files[index].file.finish()
        files[index].finished = part
        logger.debug("part ended", metadata: part.metadata(number: index + 1))
    }

    /// The dump has failed: gives up every file that is not completed. Each bears a header marked `PARTIAL=YES` since it
    /// was opened, and gets it back.
    ///
    /// - Returns: what could not be done, for a note.
    func giveUp() async -> [String] {
        var failures: [String] = []
        logger.info("parts are given up", metadata: ["parts": "\(files.count)"])
        for file in files {
            if let failure = await file.file.abort() { failures.append(failure) }
        }
        guard isConcluding else { return failures }
        do {
            try await writeHeaders(header.asPartial)
        } catch {
            failures.append("the failed dump's header could not be written: \(error)")
        }
        return failures
    }

    /// Writes the headers that make the dump count, the first file's as part 1.
    func writeHeaders(_ header: DumpHeader) async throws {
        isConcluding = true
        for (index, file) in files.enumerated() {
            try await file.file.writeHeader(numbered(header, index))
        }
    }

    private func numbered(_ header: DumpHeader, _ index: Int) -> DumpHeader {
        var header = header
        header.part = DumpHeader.Part(number: index + 1)
        return header
    }
}

extension DumpPart {
    fileprivate func metadata(number: Int) -> Logger.Metadata {
        [
            "part": "\(number)", "volume": "\(label)", "file": "\(fileNumber)", "bytes": "\(byteCount)",
            "proof": "\(proof)",
        ]
    }
}
