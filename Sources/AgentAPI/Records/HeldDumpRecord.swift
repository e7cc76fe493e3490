// SPDX-License-Identifier: Apache-2.0

/// A dump on a node's holding disk: it waits there until a run or `amflush` sends it to a volume.
public struct HeldDumpRecord: Codable, Sendable, Hashable {
    /// One chunk file.
    public struct Chunk: Codable, Sendable, Hashable {
        /// Absolute, on the node.
        public var path: String
        /// Bytes of data, without its header.
        public var byteCount: Int64

        public init(path: String, byteCount: Int64) {
            self.path = path
            self.byteCount = byteCount.asByteCount
        }
    }

    /// The run that made the dump.
    public var run: RunName
    public var host: String
    public var disk: String
    public var level: Int
    /// In order: the stored stream is their data, one behind the other.
    public var chunks: [Chunk]
    /// Why it cannot be relied on; nil when it is whole.
    public var fault: String?

    public init(
        run: RunName, host: String, disk: String, level: Int, chunks: [Chunk], fault: String? = nil
    ) {
        self.run = run
        self.host = host
        self.disk = disk
        self.level = level
        self.chunks = chunks
        self.fault = fault
    }

    public var storedBytes: Int64 { chunks.map(\.byteCount).byteSum }
}
