// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork

/// The objects that make up one dump's stored stream, in order, with their lengths.
struct StoredStream: Sendable {
    /// A segment and the volume that holds it.
    struct Segment: Sendable {
        let volume: any VolumeReader
        let stored: StoredFile.Piece

        var key: String { stored.key }
        var byteCount: Int64 { stored.byteCount }
    }

    /// What is read at once.
    struct Range: Sendable {
        let segment: Segment
        let bytes: Swift.Range<Int64>
        /// Where it lies in the whole stream.
        let offset: Int64

        var key: String { segment.key }

        func read(into block: ByteBlock) async throws {
            try await segment.volume.read(segment.stored, bytes, into: block)
        }
    }

    let segments: [Segment]

    var byteCount: Int64 { segments.reduce(0) { $0 + $1.byteCount } }

    /// Compares lengths with the record, before a byte is fetched. Asks for what nobody has looked up yet.
    init(_ plan: RestorePlan) async throws {
        var segments: [Segment] = []
        for part in try await plan.parts.lookedUp() {
            segments += try part.required().map { Segment(volume: part.volume, stored: $0) }
        }
        self.segments = segments
        if let expected = plan.stored, expected.isKnown, expected.byteCount != byteCount {
            throw RestoreError.totalDiffers(
                firstKey: segments.first?.key ?? "", expected: expected.byteCount, found: byteCount)
        }
    }

    /// The stream in pieces of at most `limit` bytes, none across two objects.
    func ranges(of limit: Int) -> [Range] {
        var ranges: [Range] = []
        var offset: Int64 = 0
        for segment in segments {
            for start in stride(from: 0, to: segment.byteCount, by: limit) {
                let end = min(start + Int64(limit), segment.byteCount)
                ranges.append(Range(segment: segment, bytes: start..<end, offset: offset + start))
            }
            offset += segment.byteCount
        }
        return ranges
    }
}
