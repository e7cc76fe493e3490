// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import S3

/// One file of a volume on its way into the bucket: a multipart upload, or one object a block.
actor BucketFile: DumpFile {
    /// Which file it is.
    struct Place: Sendable {
        let label: String
        let number: UInt32
        let keys: ObjectKeys
    }

    /// How long a cancelled dump waits for the id of an upload that it has asked for.
    private static let answerLimit = Duration.seconds(10)

    private let place: Place
    private let room: RoomClaim
    private let client: S3Client
    private let journal: UploadJournal
    private let layout: StoragePlan
    private var upload: S3Upload?
    private var parts: [S3Part] = []
    private var blockSizes: [Int: Int] = [:]

    init(place: Place, room: RoomClaim, client: S3Client, journal: UploadJournal, layout: StoragePlan) {
        self.place = place
        self.room = room
        self.client = client
        self.journal = journal
        self.layout = layout
    }

    private var dataKey: String { place.keys.data(file: place.number) }

    /// The upload is in the journal before it is used.
    func begin() async throws {
        guard layout.isMultipart else { return }
        upload = try await create()
    }

    /// A cancelled caller waits for the store's answer a while longer: not every store lets us look for an upload of which
    /// nobody knows the id.
    private func create() async throws -> S3Upload {
        let creation = Task { [client, dataKey, journal] in
            try await client.beginUpload(dataKey, in: journal)
        }
        return try await withTaskCancellationHandler {
            try await creation.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: Self.answerLimit)
                creation.cancel()
            }
        }
    }

    nonisolated func claim(_ byteCount: Int) async -> VolumeError? {
        await room.claim(byteCount) ? nil : .full(label: place.label, room: room.summary)
    }

    func send(piece: Int, _ block: ByteBlock) async throws {
        if let upload {
            parts.append(try await client.uploadPart(upload, number: piece, block))
        } else {
            let byteCount = block.count
            _ = try await client.put(place.keys.block(file: place.number, number: UInt64(piece - 1)), block)
            blockSizes[piece] = byteCount
        }
    }

    func finish() async throws -> DumpPart {
        guard let upload else { return try await proveBlocks() }
        guard !parts.isEmpty else { return try await storeEmpty() }
        let proof = try await client.completeMultipartUpload(
            upload, parts: parts.sorted { $0.number < $1.number })
        try await journal.remove(upload)
        self.upload = nil
        return part(
            byteCount: proof.byteCount, proof: proof.strength == .fullObjectChecksum ? .checksum : .length)
    }

    /// S3 completes no upload without a part: a file without a byte is a plain object.
    private func storeEmpty() async throws -> DumpPart {
        if let failure = await abort() { throw DumpError.inconsistent(what: failure) }
        _ = try await client.put(dataKey, [])
        return part(byteCount: 0, proof: .length)
    }

    /// Amanda reads a multipart object first and takes any further block for data: both must be absent.
    private func proveBlocks() async throws -> DumpPart {
        if try await client.head(dataKey) != nil { try await client.delete(dataKey) }
        var found: [Int: Int64] = [:]
        try await client.forEachPage(prefix: place.keys.blocks(file: place.number)) { objects in
            var surplus: [String] = []
            for object in objects {
                guard case .block(place.number, let number) = place.keys.role(of: object.key) else {
                    continue
                }
                if number < UInt64(blockSizes.count) {
                    found[Int(number) + 1] = object.byteCount
                } else {
                    surplus.append(object.key)
                }
            }
            try await client.delete(surplus)
        }
        for (piece, byteCount) in blockSizes where found[piece] != Int64(byteCount) {
            let key = place.keys.block(file: place.number, number: UInt64(piece - 1))
            throw DumpError.inconsistent(
                what:
                    "'\(key)' has \(found[piece].map(String.init) ?? "no") bytes in the bucket, \(byteCount) were sent"
            )
        }
        return part(
            byteCount: blockSizes.values.reduce(0) { $0 + Int64($1) }, proof: .length,
            blockCount: blockSizes.count)
    }

    private func part(
        byteCount: Int64, proof: DumpPart.Proof, blockCount: Int? = nil
    ) -> DumpPart {
        DumpPart(
            label: place.label, fileNumber: Int(place.number),
            headerKey: place.keys.header(file: place.number),
            dataKey: layout.isMultipart ? dataKey : nil, blockCount: blockCount,
            blockByteCount: blockCount == nil ? nil : Int64(layout.blockByteCount), byteCount: byteCount,
            proof: proof)
    }

    func writeHeader(_ header: DumpHeader) async throws {
        _ = try await client.put(
            place.keys.header(file: place.number), header.droppingDLE(over: layout.blockByteCount).bytes)
    }

    /// Our own upload, and only ours. What cannot be aborted stays in the journal.
    func abort() async -> String? {
        guard let upload else { return nil }
        do {
            try await client.abortMultipartUpload(upload)
            try await journal.remove(upload)
            self.upload = nil
            room.giveBack()
            return nil
        } catch {
            return "the upload of '\(upload.key)' is still open: \(error)"
        }
    }
}
