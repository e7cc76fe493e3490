// SPDX-License-Identifier: Apache-2.0

/// A dump of a lower level that an increment builds on, whichever program wrote it: taken from the node's Amanda catalog when
/// the increment was made, because stock Amanda leaves no record in the bucket.
public struct DumpBaseRecord: Codable, Sendable, Hashable {
    /// One numbered file of a volume.
    public struct Part: Codable, Sendable, Hashable {
        public var label: String
        public var fileNumber: Int
        /// nil: the catalog does not know it.
        public var byteCount: Int64?

        public init(label: String, fileNumber: Int, byteCount: Int64?) {
            self.label = label
            self.fileNumber = fileNumber
            self.byteCount = byteCount
        }
    }

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
    public var parts: [Part]

    public init(
        run: RunName, writtenRun: RunName, level: Int, native: DumpRecord.Stream? = nil,
        server: DumpRecord.Stream? = nil, volumes: [VolumeRecord], parts: [Part]
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
