// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What became of one DLE in a run, for the catalog.
public struct LoggedDump: Sendable, Equatable {
    /// A file of a volume.
    public struct Part: Sendable, Equatable {
        /// The volume's.
        public var label: String
        /// From 1, on the volume.
        public var fileNumber: Int
        /// As stored.
        public var byteCount: Int64
        public var seconds: Double

        public init(label: String, fileNumber: Int, byteCount: Int64, seconds: Double) {
            self.label = label
            self.fileNumber = fileNumber
            self.byteCount = byteCount
            self.seconds = seconds
        }
    }

    public enum Status: Sendable, Equatable {
        case done
        /// Whole, with messages worth reading.
        case strange
        /// Nothing of it can be used; parts that reached the volume carry `PARTIAL=YES`.
        case failed(reason: String)
    }

    /// The way that the data took.
    public enum Way: Sendable, Equatable {
        /// From the disk to the volume.
        case straight
        /// To a holding disk, where they lie now from `file` on; there are no parts yet.
        case held(file: String, storedByteCount: Int64)
        /// From a holding disk to the volume, in the same run or a later one. The header's datestamp is that of the run
        /// that made the dump.
        case flushed
    }

    /// The header of the dump's first part, final checksums included.
    public var header: DumpHeader
    /// In the order of the stream; they may lie on several volumes.
    public var parts: [Part]
    public var status: Status
    public var way: Way
    /// From the first byte to the last.
    public var seconds: Double
    /// tar's messages, strange ones first; at most the first hundred reach the log.
    public var messages: [String]
    /// A file of index lines in tar's order (`IndexPath.stateLine`, a newline each); nil when the DLE is not indexed.
    public var indexLinesFile: String?

    public init(
        header: DumpHeader, parts: [Part], status: Status, way: Way = .straight, seconds: Double,
        messages: [String] = [], indexLinesFile: String? = nil
    ) {
        self.header = header
        self.parts = parts
        self.status = status
        self.way = way
        self.seconds = seconds
        self.messages = messages
        self.indexLinesFile = indexLinesFile
    }

    var name: LogDumpName {
        LogDumpName(
            host: header.host, disk: header.disk, datestamp: header.datestamp.description, level: header.level
        )
    }

    var storedByteCount: Int64 {
        if case .held(_, let byteCount) = way { return byteCount }
        return parts.reduce(0) { $0 + $1.byteCount }
    }

    var isUsable: Bool { if case .failed = status { false } else { true } }
}
