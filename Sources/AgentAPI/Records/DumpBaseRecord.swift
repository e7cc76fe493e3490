// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// A dump of a lower level that an increment builds on, whichever program wrote it: taken from the node's Amanda catalog when
/// the increment was made, because stock Amanda leaves no record in the bucket.
public struct DumpBaseRecord: Codable, Sendable, Hashable {
    /// The run that made it, as its header says.
    public var run: RunName
    /// The run that its volumes bear; another for a dump that was flushed from a holding disk later.
    public var writtenRun: RunName
    public var level: Int
    /// tar's output and what is stored; nil: the catalog does not know it.
    public var native: DumpRecord.Stream?
    public var server: DumpRecord.Stream?
    public var volumes: [VolumeRecord]
    /// In the order of the stream.
    public var parts: [PartPlace]

    public init(
        run: RunName, writtenRun: RunName, level: Int, native: DumpRecord.Stream? = nil,
        server: DumpRecord.Stream? = nil, volumes: [VolumeRecord], parts: [PartPlace]
    ) {
        self.run = run
        self.writtenRun = writtenRun
        self.level = level
        self.native = native
        self.server = server
        self.volumes = volumes
        self.parts = parts
    }
}
