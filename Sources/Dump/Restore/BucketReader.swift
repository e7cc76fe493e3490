// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork
public import S3
public import Volumes

/// A volume in a bucket: multipart objects or blocks, whichever are there.
public struct BucketReader: VolumeReader {
    private static let headerByteCountLimit = 4 << 20

    private let client: S3Client
    private let keys: ObjectKeys

    /// Reads one slot through `client`; writes nothing.
    public init(client: S3Client, keys: ObjectKeys) {
        self.client = client
        self.keys = keys
    }

    public var way: VolumeWay { client.isEncrypted ? .encrypted : .open }

    public func name(ofFile number: UInt32) -> String { keys.header(file: number) }

    public func header(ofFile number: UInt32) async throws -> DumpHeader {
        let key = keys.header(file: number)
        let bytes: [UInt8]
        do {
            bytes = try await client.get(key, limit: Self.headerByteCountLimit).bytes
        } catch S3Error.notFound {
            throw RestoreError.missing(key: key)
        }
        return try parsed(bytes, ofFile: number)
    }

    public func files(_ numbers: [UInt32]) async throws -> [FoundFile] {
        try await VolumeProof(client: client, keys: keys).files(numbers)
    }

    public func read(
        _ piece: StoredFile.Piece, _ bytes: Range<Int64>, into block: ByteBlock, onNewConnection: Bool
    ) async throws {
        try await client.get(piece.key, range: bytes, into: block, onNewConnection: onNewConnection)
    }
}
