// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import S3

/// The objects that make up one dump's stored stream, in order, with their lengths.
struct StoredStream: Sendable {
    /// One object that holds data.
    struct Segment: Sendable, Equatable {
        let key: String
        let byteCount: Int64
    }

    /// One GET.
    struct Range: Sendable, Equatable {
        let key: String
        let bytes: Swift.Range<Int64>
        /// Where it lies in the whole stream.
        let offset: Int64
    }

    let segments: [Segment]

    var byteCount: Int64 { segments.reduce(0) { $0 + $1.byteCount } }

    /// Looks every object up, and compares lengths with the record, before a byte is fetched.
    init(_ plan: RestorePlan, client: S3Client) async throws {
        var segments: [Segment] = []
        for part in plan.parts {
            segments += try await Self.segments(of: part, client)
        }
        self.segments = segments
        if let expected = plan.stored, expected.isKnown, expected.byteCount != byteCount {
            throw RestoreError.totalDiffers(
                firstKey: segments.first?.key ?? "", expected: expected.byteCount, found: byteCount)
        }
    }

    init(segments: [Segment]) {
        self.segments = segments
    }

    /// The stream in pieces of at most `limit` bytes, none across two objects.
    func ranges(of limit: Int) -> [Range] {
        var ranges: [Range] = []
        var offset: Int64 = 0
        for segment in segments {
            for start in stride(from: 0, to: segment.byteCount, by: limit) {
                let end = min(start + Int64(limit), segment.byteCount)
                ranges.append(Range(key: segment.key, bytes: start..<end, offset: offset + start))
            }
            offset += segment.byteCount
        }
        return ranges
    }

    private static func segments(of part: RestorePlan.Part, _ client: S3Client) async throws -> [Segment] {
        let dataKey = part.keys.data(file: part.fileNumber)
        let found: [Segment]
        if let info = try await client.head(dataKey) {
            found = [Segment(key: dataKey, byteCount: info.byteCount)]
        } else {
            found = try await blocks(of: part, client)
        }
        let byteCount = found.reduce(0) { $0 + $1.byteCount }
        guard !found.isEmpty || part.byteCount == 0 else { throw RestoreError.missing(key: dataKey) }
        guard part.byteCount ?? byteCount == byteCount else {
            throw RestoreError.lengthDiffers(
                key: found.first?.key ?? dataKey, expected: part.byteCount ?? 0, found: byteCount)
        }
        return found
    }

    /// Blocks count from 0 without a gap; Amanda takes the first missing one for the end, we name it.
    private static func blocks(of part: RestorePlan.Part, _ client: S3Client) async throws -> [Segment] {
        var sizes: [UInt64: Int64] = [:]
        for object in try await client.list(prefix: part.keys.blocks(file: part.fileNumber)).objects {
            if case .block(part.fileNumber, let number) = part.keys.role(of: object.key) {
                sizes[number] = object.byteCount
            }
        }
        return try (0..<UInt64(sizes.keys.max().map { $0 + 1 } ?? 0)).map { number in
            let key = part.keys.block(file: part.fileNumber, number: number)
            guard let byteCount = sizes[number] else { throw RestoreError.missing(key: key) }
            return Segment(key: key, byteCount: byteCount)
        }
    }
}
