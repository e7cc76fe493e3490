// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork
public import S3

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

    public func segments(ofFile number: UInt32, byteCount: Int64?) async throws -> [StoredSegment] {
        let dataKey = keys.data(file: number)
        if let info = try await client.head(dataKey) {
            return [StoredSegment(key: dataKey, byteCount: info.byteCount)]
        }
        let blocks = try await blocks(ofFile: number)
        guard !blocks.isEmpty || byteCount == 0 else { throw RestoreError.missing(key: dataKey) }
        return blocks
    }

    /// Blocks count from 0 without a gap; Amanda takes the first missing one for the end, we name it.
    private func blocks(ofFile file: UInt32) async throws -> [StoredSegment] {
        var sizes: [UInt64: Int64] = [:]
        for object in try await client.list(prefix: keys.blocks(file: file)).objects {
            if case .block(file, let number) = keys.role(of: object.key) { sizes[number] = object.byteCount }
        }
        return try (0..<UInt64(sizes.keys.max().map { $0 + 1 } ?? 0)).map { number in
            let key = keys.block(file: file, number: number)
            guard let byteCount = sizes[number] else { throw RestoreError.missing(key: key) }
            return StoredSegment(key: key, byteCount: byteCount)
        }
    }

    public func read(
        _ segment: StoredSegment, _ bytes: Range<Int64>, into block: ByteBlock
    ) async throws {
        try await client.get(segment.key, range: bytes, into: block)
    }
}
