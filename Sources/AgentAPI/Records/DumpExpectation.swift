// SPDX-License-Identifier: Apache-2.0

/// What a plan expects of one dump, and why it is as it is.
public struct DumpExpectation: Codable, Sendable, Hashable {
    /// Of tar's output.
    public var dumpedBytes: Int64
    /// After compression.
    public var storedBytes: Int64
    /// At the rate of earlier dumps.
    public var seconds: Double
    /// Why this level, in words.
    public var reason: String

    public init(dumpedBytes: Int64, storedBytes: Int64, seconds: Double, reason: String) {
        // What a damaged catalog says would be taken by no reader, and the whole record with it.
        self.dumpedBytes = dumpedBytes.asByteCount
        self.storedBytes = storedBytes.asByteCount
        self.seconds = seconds.isNaN ? 0 : min(max(seconds, 0), ClaimRange.anyFraction.upperBound)
        self.reason = reason
    }
}
