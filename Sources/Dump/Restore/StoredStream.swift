// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork

/// One object, or one file, that holds data of a dump.
public struct StoredSegment: Sendable, Equatable {
    /// The object's key, or the file's path: for messages, and for the volume to read it.
    public let key: String
    /// Bytes of data.
    public let byteCount: Int64
}

/// The objects that make up one dump's stored stream, in order, with their lengths.
struct StoredStream: Sendable {
    /// A segment and the volume that holds it.
    struct Segment: Sendable {
        let volume: any VolumeReader
        let stored: StoredSegment

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

    /// Looks every object up, and compares lengths with the record, before a byte is fetched.
    init(_ plan: RestorePlan) async throws {
        var segments: [Segment] = []
        for part in plan.parts { segments += try await Self.segments(of: part) }
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

    private static func segments(of part: RestorePlan.Part) async throws -> [Segment] {
        let found = try await part.volume.segments(ofFile: part.fileNumber, byteCount: part.byteCount)
        let byteCount = found.reduce(0) { $0 + $1.byteCount }
        let name = found.first?.key ?? part.volume.name(ofFile: part.fileNumber)
        guard part.byteCount ?? byteCount == byteCount else {
            throw RestoreError.lengthDiffers(key: name, expected: part.byteCount ?? 0, found: byteCount)
        }
        return found.map { Segment(volume: part.volume, stored: $0) }
    }
}
