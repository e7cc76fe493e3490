// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What a restore brought back, all of it checked.
public struct RestoreOutcome: Sendable {
    /// tar's archive, as read.
    public let native: CRCSize
    /// What was fetched.
    public let stored: CRCSize
    /// What tar said; it ended well all the same.
    public internal(set) var messages: [String]
    /// From the first call to tar's end.
    public let seconds: Double
}

/// How far a restore is: running totals, of which any but the newest may be dropped.
public struct RestoreProgress: Sendable, Equatable {
    /// Bytes fetched from the store.
    public var storedByteCount: Int64 = 0
    /// Bytes of the archive handed to tar.
    public var nativeByteCount: Int64 = 0
    /// Bytes that there are to fetch.
    var totalStoredByteCount: Int64 = 0
}
