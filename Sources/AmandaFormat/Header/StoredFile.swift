// SPDX-License-Identifier: Apache-2.0

import Saturation

/// A numbered file of a volume as somebody found it: its header, and its data in one object or in many.
public struct StoredFile: Sendable, Hashable {
    /// An object, or a file on the node, that holds data.
    public struct Piece: Sendable, Hashable {
        /// The object's key, or the file's path.
        public let key: String
        /// Bytes of data.
        public let byteCount: Int64

        public init(key: String, byteCount: Int64) {
            self.key = key
            self.byteCount = byteCount
        }
    }

    /// What is wrong with it.
    public enum Fault: Sendable, Hashable {
        /// The header, the data, or a block in the middle is not there.
        case missing(key: String)
        case lengthDiffers(key: String, expected: Int64, found: Int64)
    }

    /// Key of the header's object, or path of the file that begins with it.
    public let header: String
    let hasHeader: Bool
    /// What holds the data, in order.
    public let pieces: [Piece]
    /// Where data should be and is not.
    private let gap: String?

    /// The data in one object, or one file.
    public init(header: String, hasHeader: Bool = true, data: Piece) {
        self.header = header
        self.hasHeader = hasHeader
        pieces = [data]
        gap = nil
    }

    /// Data in files of their own, whose headers do not count.
    public init(path: String, pieces: [Piece]) {
        header = path
        hasHeader = true
        self.pieces = pieces
        gap = pieces.isEmpty ? path : nil
    }

    /// The data in the blocks that lie beside the header; none of them: there is no data at all.
    ///
    /// They count from 0 without a gap; Amanda takes the first missing one for the end, here it is named.
    public init(_ number: UInt32, of keys: ObjectKeys, hasHeader: Bool, blocks: [Piece]) {
        var byteCounts: [UInt64: Int64] = [:]
        for block in blocks {
            if case .block(number, let place) = keys.role(of: block.key) {
                byteCounts[place] = block.byteCount
            }
        }
        header = keys.header(file: number)
        self.hasHeader = hasHeader
        let ordered = byteCounts.sorted { $0.key < $1.key }
        pieces = ordered.map { Piece(key: keys.block(file: number, number: $0.key), byteCount: $0.value) }
        let missing = ordered.enumerated().first { UInt64($0.offset) != $0.element.key }?.offset
        gap =
            missing.map { keys.block(file: number, number: UInt64($0)) }
            ?? (pieces.isEmpty ? keys.data(file: number) : nil)
    }

    /// Bytes of data.
    public var byteCount: Int64 { pieces.map(\.byteCount).saturatedSum }

    /// Whether it is there, and as long as it should be; nil: it is.
    ///
    /// - Parameter byteCount: what is recorded; nil: not known. Only a file of 0 bytes may have no data.
    public func fault(expecting byteCount: Int64?) -> Fault? {
        hasHeader ? dataFault(expecting: byteCount) : .missing(key: header)
    }

    /// The same of its data alone: of a dump's headers only the first has to be read.
    public func dataFault(expecting byteCount: Int64?) -> Fault? {
        if let gap, !pieces.isEmpty || byteCount != 0 { return .missing(key: gap) }
        guard let byteCount, byteCount != self.byteCount else { return nil }
        return .lengthDiffers(
            key: pieces.first?.key ?? header, expected: byteCount, found: self.byteCount)
    }
}
