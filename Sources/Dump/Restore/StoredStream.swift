// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import S3
import Saturation
import Volumes

/// The objects that make up one dump's stored stream, in order, with their lengths.
struct StoredStream: Sendable {
    /// A segment and the volume that holds it.
    struct Segment: Sendable {
        let volume: any VolumeReader
        let stored: StoredFile.Piece
        /// `part 2 of 3`, of a dump that has several.
        let part: String?
        /// CRC-32C of all of it, where the store says it.
        let crc32c: UInt32?

        var key: String { stored.key }
        var byteCount: Int64 { stored.byteCount }
        /// For messages.
        var text: String { "'\(key)'" + (part.map { " (\($0))" } ?? "") }
    }

    /// What is read at once.
    struct Range: Sendable {
        let segment: Segment
        let bytes: Swift.Range<Int64>
        /// Where it lies in the whole stream.
        let offset: Int64

        var key: String { segment.key }
        var way: VolumeWay { segment.volume.way }
        /// For messages.
        var text: String { "\(segment.text), bytes \(bytes.lowerBound) to \(bytes.upperBound - 1)" }
        /// Where it ends in the whole stream.
        var end: Int64 { offset + Int64(bytes.count) }

        func read(into block: ByteBlock, onNewConnection: Bool) async throws {
            try await segment.volume.read(
                segment.stored, bytes, into: block, onNewConnection: onNewConnection)
        }
    }

    /// Nothing that one tar writes is longer: whoever says so of an object is not believed.
    static let byteCountLimit: Int64 = 64 << 40

    let segments: [Segment]

    var byteCount: Int64 { segments.map(\.byteCount).saturatedSum }

    /// Compares lengths with the record, before a byte is fetched. Asks for what nobody has looked up yet.
    init(_ plan: RestorePlan) async throws {
        var segments: [Segment] = []
        for (index, part) in try await plan.parts.lookedUp().enumerated() {
            let name = plan.parts.count > 1 ? "part \(index + 1) of \(plan.parts.count)" : nil
            segments += try part.required().map { piece in
                Segment(
                    volume: part.volume, stored: piece, part: name,
                    crc32c: part.found?.objects.first { $0.key == piece.key }?.info?.crc32c)
            }
        }
        self.segments = segments
        guard byteCount <= Self.byteCountLimit else {
            let largest = segments.max { $0.byteCount < $1.byteCount }
            throw RestoreError.unsupported(
                what: "'\(largest?.key ?? "")', which has \(largest?.byteCount ?? 0) bytes by its store")
        }
        if let expected = plan.stored, expected.isKnown, expected.byteCount != byteCount {
            throw RestoreError.totalDiffers(
                firstKey: segments.first?.key ?? "", expected: expected.byteCount, found: byteCount)
        }
    }

    /// All of it is on this node.
    var isLocal: Bool { segments.allSatisfy { $0.volume.way == .here } }
    /// Some of it comes over a network that may change what it carries.
    var isOpen: Bool { segments.contains { $0.volume.way == .open } }
    /// The store says a checksum of every object.
    var hasChecksums: Bool { segments.allSatisfy { $0.crc32c != nil } }

    /// The stream in pieces of at most `limit` bytes, none across two objects.
    func ranges(of limit: Int) -> StoredRanges { StoredRanges(segments, limit: limit) }
}
