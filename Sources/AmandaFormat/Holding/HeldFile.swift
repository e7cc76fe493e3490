// SPDX-License-Identifier: Apache-2.0

/// One file in a run's directory on a holding disk: its header and its length.
public struct HeldFile: Sendable, Equatable {
    /// Absolute.
    public let path: String
    /// Its first 32 KiB, read.
    public let header: DumpHeader
    /// Bytes behind the header.
    public let dataByteCount: Int64

    /// - Parameter byteCount: of the whole file.
    public init(path: String, header: DumpHeader, byteCount: Int64) {
        self.path = path
        self.header = header
        dataByteCount = max(0, byteCount - Int64(DumpHeader.chunkHeaderByteCount))
    }

    /// Its dump was being written when it was looked at, or was given up by a program that died.
    public var isTemporary: Bool { path.hasSuffix(HoldingName.temporarySuffix) }

    /// `<run>/<name>`: what the chunk before it names it by, wherever the holding disk may be mounted.
    static func key(_ path: String) -> String {
        path.utf8.split(separator: UInt8(ascii: "/")).suffix(2).map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: "/")
    }
}
