// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Saturation

/// What became of one DLE in a run, as the catalog is told: the engine's outcome, or what befell a dump that never reached it.
/// Read back it is a `CatalogDump`, which knows less and is stock Amanda's as well.
public struct LoggedDump: Sendable, Equatable {
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
    public var parts: [DumpPart]
    var status: Status
    public var way: Way
    /// From the first byte to the last.
    public var seconds: Double
    /// tar's messages, strange ones first; at most the first hundred reach the log.
    var messages: [String]
    /// A file of index lines in tar's order (`IndexPath.stateLine`, a newline each); nil when the DLE is not indexed.
    public var indexLinesFile: String?

    public init(
        header: DumpHeader, parts: [DumpPart], status: Status, way: Way = .straight, seconds: Double,
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
        return parts.map(\.byteCount).saturatedSum
    }

    /// Amanda's lines want seconds for each part: its share of the whole.
    func seconds(of part: DumpPart) -> Double {
        seconds * Double(part.byteCount) / Double(max(1, parts.map(\.byteCount).saturatedSum))
    }

    var isUsable: Bool { if case .failed = status { false } else { true } }
}
