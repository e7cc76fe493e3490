// SPDX-License-Identifier: Apache-2.0

/// A stored stream in pieces that are read at once, in order, none across two objects. Holds its segments alone, however many pieces
/// they have; one is found in the logarithm of their number.
struct StoredRanges: RandomAccessCollection, Sendable {
    private struct Place: Sendable {
        let segment: StoredStream.Segment
        /// Its first piece.
        let index: Int
        /// Where it begins in the whole stream.
        let offset: Int64
    }

    /// Of those that have bytes.
    private let places: [Place]
    private let limit: Int64
    let endIndex: Int

    /// - Parameter limit: bytes of one piece.
    init(_ segments: [StoredStream.Segment], limit: Int) {
        let limit = Int64(Swift.max(1, limit))
        var places: [Place] = []
        var (index, offset) = (0, Int64(0))
        for segment in segments where segment.byteCount > 0 {
            places.append(Place(segment: segment, index: index, offset: offset))
            index += Int((segment.byteCount - 1) / limit + 1)
            offset += segment.byteCount
        }
        self.places = places
        self.limit = limit
        endIndex = index
    }

    var startIndex: Int { 0 }

    subscript(position: Int) -> StoredStream.Range {
        let place = places[Self.last(in: places) { $0.index <= position }]
        let start = Int64(position - place.index) * limit
        return StoredStream.Range(
            segment: place.segment, bytes: start..<Swift.min(start + limit, place.segment.byteCount),
            offset: place.offset + start)
    }

    /// Which of them each object has.
    var bySegment: [(segment: StoredStream.Segment, indices: Range<Int>)] {
        places.enumerated().map { number, place in
            let end = number + 1 < places.count ? places[number + 1].index : endIndex
            return (place.segment, place.index..<end)
        }
    }

    /// Those that hold bytes of the stream from `offset` on, and at least the one that holds that byte.
    func indices(from offset: Int64, byteCount: Int64) -> Range<Int> {
        let first = first(beyond: offset) ?? Swift.max(0, endIndex - 1)
        let end = self[first...].firstIndex { $0.offset >= offset + Swift.max(1, byteCount) } ?? endIndex
        return first..<end
    }

    /// The first that ends behind `offset`.
    func first(beyond offset: Int64) -> Int? {
        guard let end = places.last.map({ $0.offset + $0.segment.byteCount }), offset < end else {
            return nil
        }
        guard offset >= 0 else { return 0 }
        let place = places[Self.last(in: places) { $0.offset <= offset }]
        return place.index + Int((offset - place.offset) / limit)
    }

    private static func last(in places: [Place], where holds: (Place) -> Bool) -> Int {
        var (low, high) = (0, places.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if holds(places[middle]) { low = middle } else { high = middle }
        }
        return low
    }
}
