// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import S3

/// The dump parts of one dump on their way into the bucket, by file number.
///
/// Every upload id is in the journal before it is used. A dump part is completed, and proved, by whoever stores its
/// last piece; nothing here is finished twice.
actor DumpUploads {
    private let client: S3Client
    private let journal: UploadJournal
    private let keys: ObjectKeys
    private let storage: StoragePlan
    private var files: [UInt32: StoredFile] = [:]
    /// The files whose header is in the bucket: their numbers are taken.
    private(set) var headedFiles: Set<UInt32> = []

    private struct StoredFile {
        var upload: S3Upload?
        var parts: [S3Part] = []
        var blockSizes: [Int: Int] = [:]
        var expectedPieceCount: Int?
        var finished: DumpedPart?

        var pieceCount: Int { parts.count + blockSizes.count }
        var byteCount: Int64 {
            parts.reduce(0) { $0 + Int64($1.byteCount) } + blockSizes.values.reduce(0) { $0 + Int64($1) }
        }
    }

    init(client: S3Client, journal: UploadJournal, keys: ObjectKeys, storage: StoragePlan) {
        self.client = client
        self.journal = journal
        self.keys = keys
        self.storage = storage
    }

    /// Every file begun so far, in order: each needs a header in the end, good or partial.
    var fileNumbers: [UInt32] { files.keys.sorted() }

    /// The completed dump parts, in order.
    var finishedParts: [DumpedPart] { fileNumbers.compactMap { files[$0]?.finished } }

    /// Opens the next file. Called once a file, before its first piece.
    func begin(_ file: UInt32) async throws {
        files[file] = StoredFile()
        guard storage.isMultipart else { return }
        let upload = try await create(keys.data(file: file))
        files[file]?.upload = upload
        try await journal.add(upload)
    }

    /// A cancelled caller waits for the store's answer a while longer: an upload of which nobody knows the id stays open
    /// for ever.
    private func create(_ key: String) async throws -> S3Upload {
        let creation = Task { [client] in try await client.createMultipartUpload(key) }
        return try await withTaskCancellationHandler {
            try await creation.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: DumpEngine.answerLimit)
                creation.cancel()
            }
        }
    }

    /// Stores one piece, numbered from 1; the block is the caller's again afterwards.
    func send(_ file: UInt32, piece: Int, _ block: ByteBlock) async throws {
        if let upload = files[file]?.upload {
            let part = try await client.uploadPart(upload, number: piece, block)
            files[file]?.parts.append(part)
        } else {
            let byteCount = block.count
            _ = try await client.put(keys.block(file: file, number: UInt64(piece - 1)), block)
            files[file]?.blockSizes[piece] = byteCount
        }
        try await completeIfWhole(file)
    }

    /// No more pieces than `pieceCount` come.
    func close(_ file: UInt32, pieceCount: Int) async throws {
        if files[file] == nil { files[file] = StoredFile() }
        files[file]?.expectedPieceCount = pieceCount
        try await completeIfWhole(file)
    }

    private func completeIfWhole(_ file: UInt32) async throws {
        guard let state = files[file], let expected = state.expectedPieceCount, expected == state.pieceCount
        else {
            return
        }
        files[file]?.expectedPieceCount = nil  // nobody else completes it
        if let upload = state.upload {
            let proof = try await client.completeMultipartUpload(
                upload, parts: state.parts.sorted { $0.number < $1.number })
            try await journal.remove(upload)
            files[file]?.upload = nil
            files[file]?.finished = part(
                file, byteCount: proof.byteCount, etag: proof.etag,
                proof: proof.strength == .fullObjectChecksum ? .checksum : .length)
        } else if storage.isMultipart {
            files[file]?.finished = try await storeEmpty(file)
        } else {
            files[file]?.finished = try await proveBlocks(file, state)
        }
    }

    /// S3 completes no upload without a part: a dump part without a byte is a plain object.
    private func storeEmpty(_ file: UInt32) async throws -> DumpedPart {
        let version = try await client.put(keys.data(file: file), [])
        return part(file, byteCount: 0, etag: version.etag, proof: .length)
    }

    /// Amanda reads a multipart object first and takes any further block for data: both must be absent.
    private func proveBlocks(_ file: UInt32, _ state: StoredFile) async throws -> DumpedPart {
        if try await client.head(keys.data(file: file)) != nil {
            try await client.delete(keys.data(file: file))
        }
        var found: [Int: Int64] = [:]
        for object in try await client.list(prefix: keys.blocks(file: file)).objects {
            guard case .block(file, let number) = keys.role(of: object.key) else { continue }
            if number < UInt64(state.blockSizes.count) {
                found[Int(number) + 1] = object.byteCount
            } else {
                try await client.delete(object.key)
            }
        }
        for (piece, byteCount) in state.blockSizes where found[piece] != Int64(byteCount) {
            let key = keys.block(file: file, number: UInt64(piece - 1))
            throw DumpError.inconsistent(
                what:
                    "'\(key)' has \(found[piece].map(String.init) ?? "no") bytes in the bucket, \(byteCount) were sent"
            )
        }
        return part(
            file, byteCount: state.byteCount, etag: nil, proof: .length, blockCount: state.blockSizes.count)
    }

    private func part(
        _ file: UInt32, byteCount: Int64, etag: String?, proof: DumpedPart.Proof, blockCount: Int? = nil
    ) -> DumpedPart {
        DumpedPart(
            fileNumber: file, headerKey: keys.header(file: file),
            dataKey: storage.isMultipart ? keys.data(file: file) : nil, blockCount: blockCount,
            blockByteCount: blockCount == nil ? nil : storage.blockByteCount, byteCount: byteCount,
            etag: etag,
            proof: proof)
    }

    /// Aborts every upload that is still open: ours, and only ours. What cannot be aborted stays in the journal.
    ///
    /// Gives what could not be done, for a note.
    func abortOpenUploads() async -> [String] {
        var failures: [String] = []
        for file in fileNumbers {
            guard let upload = files[file]?.upload else { continue }
            do {
                try await client.abortMultipartUpload(upload)
                try await journal.remove(upload)
                files[file]?.upload = nil
            } catch {
                failures.append("the upload of '\(upload.key)' is still open: \(error)")
            }
        }
        return failures
    }

    /// Writes the headers of `numbers`, the first of them as part 1.
    func writeHeaders(_ header: DumpHeader, files numbers: [UInt32]) async throws {
        for (index, file) in numbers.enumerated() {
            var header = header
            header.part = DumpHeader.Part(number: index + 1)
            _ = try await client.put(
                keys.header(file: file), header.droppingDLE(over: storage.blockByteCount).bytes)
            headedFiles.insert(file)
        }
    }
}
