// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
public import S3

/// Asks a bucket what is left of a volume: its label, and whether its files are there and how long they are.
///
/// Nobody else asks: not the node before it counts on an earlier dump, not `status`, not a restore. Every object is asked for once.
public struct VolumeProof: Sendable {
    /// A padded header, and some more so that a foreign object shows as one.
    private static let labelByteCountLimit = 2 * VolumeHeader.paddedByteCount
    /// Files that are looked at at the same time.
    private static let width = 8

    private let client: S3Client
    private let keys: ObjectKeys

    /// Of one slot, through a client of its bucket; writes nothing.
    public init(client: S3Client, keys: ObjectKeys) {
        self.client = client
        self.keys = keys
    }

    /// The volume's label; nil only if there definitely is none.
    ///
    /// - Throws: `HeaderError` for what is no label, `UnprovedLabel` where that may not be what the store has, `S3Error`.
    public func label() async throws -> VolumeHeader? {
        do {
            let (bytes, version) = try await client.get(keys.volumeLabel, limit: Self.labelByteCountLimit)
            do {
                return try VolumeHeader(parsing: bytes)
            } catch {
                throw UnprovedLabel(bytes, of: version, key: keys.volumeLabel) ?? error
            }
        } catch S3Error.notFound {
            return nil
        }
    }

    /// What a listing shows of all its files: a request a thousand objects, however many files are asked for.
    ///
    /// - Throws: `S3Error.tooMany` where more lies there than a volume has.
    public func listed() async throws -> SlotListing.Slot {
        var listing = SlotListing()
        try await client.forEachPage(
            prefix: keys.files, delimiter: nil, atMost: S3Client.listingLimit
        ) { page in
            for object in page.objects { listing.add(object.key, byteCount: object.byteCount) }
        }
        return listing.slots[keys.slotPrefix] ?? SlotListing.Slot(keys: keys)
    }

    /// Numbered files, in the order of the numbers.
    public func files(_ numbers: [UInt32]) async throws -> [FoundFile] {
        try await onEvery(numbers, width: Self.width) { try await file($0) }
    }

    /// One numbered file: what HEAD says of its header and its data, and a listing of its blocks where there is no data object.
    public func file(_ number: UInt32) async throws -> FoundFile {
        let (headerKey, dataKey) = (keys.header(file: number), keys.data(file: number))
        async let header = client.head(headerKey)
        let data = try await client.head(dataKey)
        var objects = try await header.map { [NeededObject(client: client, key: headerKey, info: $0)] } ?? []
        let hasHeader = !objects.isEmpty
        if let data {
            objects.append(NeededObject(client: client, key: dataKey, info: data))
            let piece = StoredFile.Piece(key: dataKey, byteCount: data.byteCount)
            return FoundFile(
                stored: StoredFile(header: headerKey, hasHeader: hasHeader, data: piece), objects: objects,
                crc32c: data.crc32c)
        }
        let blocks = try await client.list(prefix: keys.blocks(file: number)).objects
        // They may be very many: of the others the listing says enough.
        objects += blocks.filter(\.isArchived).map { NeededObject(client: client, key: $0.key) }
        let pieces = blocks.map { StoredFile.Piece(key: $0.key, byteCount: $0.byteCount) }
        return FoundFile(
            stored: StoredFile(number, of: keys, hasHeader: hasHeader, blocks: pieces), objects: objects)
    }
}

/// A numbered file of a volume, and the objects that it cannot be read without.
public struct FoundFile: Sendable {
    public let stored: StoredFile
    /// None of a file that lies on the node.
    public let objects: [NeededObject]
    /// CRC-32C of all of its data, as the store keeps it; nil: it keeps none, or they lie in blocks.
    public let crc32c: UInt32?

    public init(stored: StoredFile, objects: [NeededObject] = [], crc32c: UInt32? = nil) {
        self.stored = stored
        self.objects = objects
        self.crc32c = crc32c
    }
}
