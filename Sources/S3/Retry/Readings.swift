// SPDX-License-Identifier: Apache-2.0

/// What several readings of the same bytes say. A pure value; the caller reads, each time on a new connection.
///
/// A bit that turned on its way makes a reading that no other equals; what is damaged where it lies comes the same each time.
/// So two readings that agree are what the store has, and where none do after eight, the way is bad.
public struct Readings<Reading: Equatable & Sendable>: Sendable {
    /// After so many without two that agree, no further one is made.
    public static var limit: Int { 8 }

    private var seen: [Reading] = []

    /// Nothing has been read yet.
    public init() {}

    /// Readings so far.
    public var count: Int { seen.count }

    /// Nothing agreed, and it has been read often enough.
    public var areExhausted: Bool { seen.count >= Self.limit }

    /// Takes one.
    ///
    /// - Returns: whether an earlier one was the same.
    public mutating func agree(on reading: Reading) -> Bool {
        defer { seen.append(reading) }
        return seen.contains(reading)
    }

    /// Readings that were another than this one.
    public func differing(from reading: Reading) -> Int { seen.count { $0 != reading } }
}

/// By what two readings of an object's bytes are compared.
struct BytesRead: Equatable {
    let byteCount: Int
    let crc32c: UInt32
    let etag: String
}
