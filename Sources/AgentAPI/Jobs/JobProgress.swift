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
    /// Why there may be no other news for long; nil: nothing says why, and of an older agent.
    public var wait: JobWait?

    public enum Resource: String, Codable, Sendable {
        case disk
        case cpu
        case storage
        /// Of a newer agent.
        case other

        public init(from decoder: any Decoder) throws {
            self = Resource(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
        }
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

/// What a job waits for while it may show no byte and no event, and when the node itself ends that.
///
/// The coordinator waits as long, on top of `limits.stalled`, but no longer than the order itself can take
/// (`JobSilence.longestWait`): the word of a node alone holds nobody.
public struct JobWait: Codable, Sendable, Equatable {
    /// For people, with the disk or the script: `vertica: /data: tar`.
    public var reason: String
    /// Seconds without news after which the node gives up by itself.
    public var seconds: Int

    public init(reason: String, seconds: Int) {
        self.reason = reason
        self.seconds = seconds
    }
}
