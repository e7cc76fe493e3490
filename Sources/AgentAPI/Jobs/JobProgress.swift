// SPDX-License-Identifier: Apache-2.0

/// Running totals of a job. The newest value wins; none is owed.
public struct JobProgress: Codable, Sendable, Equatable {
    /// Bytes of tar's stream, over all disks: read so far when backing up, written when restoring.
    public var dumpedBytes: Int64
    /// Bytes as they lie in the bucket: uploaded and acknowledged, or downloaded.
    public var storedBytes: Int64
    /// What `dumpedBytes` is expected to become; nil while unknown.
    public var expectedBytes: Int64?
    public var finishedDisks: Int
    public var totalDisks: Int
    /// The disk at work, `<configuration>: <disk>`.
    public var current: String?
    /// What the node waits for most: the resource that limits it.
    public var limitedBy: Resource?

    public enum Resource: String, Codable, Sendable {
        case disk
        case cpu
        case storage
    }

    public init(
        dumpedBytes: Int64 = 0, storedBytes: Int64 = 0, expectedBytes: Int64? = nil, finishedDisks: Int = 0,
        totalDisks: Int = 0, current: String? = nil, limitedBy: Resource? = nil
    ) {
        self.dumpedBytes = dumpedBytes
        self.storedBytes = storedBytes
        self.expectedBytes = expectedBytes
        self.finishedDisks = finishedDisks
        self.totalDisks = totalDisks
        self.current = current
        self.limitedBy = limitedBy
    }
}
