// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Saturation

/// What a listing of a bucket says of the volumes in it: which slots there are, and of each file how long its data are.
///
/// Grows with the files, not with the blocks of their data, of which a volume may have a hundred thousand.
public struct SlotListing: Sendable {
    /// One slot, by its keys.
    public struct Slot: Sendable {
        public let keys: ObjectKeys
        public internal(set) var hasLabel = false
        /// By number.
        public internal(set) var files: [UInt32: FileLengths] = [:]

        /// One file as it was listed; one that was not has neither header nor data.
        public func file(_ number: UInt32) -> StoredFile {
            (files[number] ?? FileLengths()).stored(number, of: keys)
        }
    }

    /// By their prefixes.
    public private(set) var slots: [String: Slot] = [:]
    /// There is more of it than any volume has, and the rest was passed over.
    public private(set) var isCut = false
    private var fileCount = 0

    /// Slots in all, and files of all of them.
    private static let slotLimit = 20_000
    private static let fileLimit = 2_000_000

    public init() {}

    /// Takes one object in; what is none of a volume's is passed over.
    public mutating func add(_ key: String, byteCount: Int64) {
        guard let (keys, role) = ObjectKeys.slot(of: key) else { return }
        let isKnown = slots[keys.slotPrefix] != nil
        guard isKnown || slots.count < Self.slotLimit, fileCount < Self.fileLimit else {
            isCut = true
            return
        }
        // Held twice, the files would be copied for each object.
        var slot = slots.removeValue(forKey: keys.slotPrefix) ?? Slot(keys: keys)
        let before = slot.files.count
        switch role {
        case .volumeLabel: slot.hasLabel = true
        case .header(let file): slot.files[file, default: FileLengths()].hasHeader = true
        case .data(let file): slot.files[file, default: FileLengths()].dataByteCount = byteCount
        case .block(let file, let number):
            slot.files[file, default: FileLengths()].addBlock(number, byteCount: byteCount)
        }
        fileCount += slot.files.count - before
        slots[keys.slotPrefix] = slot
    }
}

/// How long a numbered file of a volume is, by a listing.
public struct FileLengths: Sendable, Equatable {
    public internal(set) var hasHeader = false
    /// Of the one object of multipart mode, which Amanda reads first; nil: there is none.
    var dataByteCount: Int64?
    private var blockCount: UInt64 = 0
    private var greatestBlock: UInt64 = 0
    private var blockByteCount: Int64 = 0

    mutating func addBlock(_ number: UInt64, byteCount: Int64) {
        blockCount += 1
        greatestBlock = max(greatestBlock, number)
        blockByteCount = blockByteCount.saturatingPlus(max(0, byteCount))
    }

    /// Bytes of data; nil: there are none, or a block in their midst is not there.
    public var byteCount: Int64? {
        if let dataByteCount { return dataByteCount }
        guard blockCount > 0, greatestBlock == blockCount - 1 else { return nil }
        return blockByteCount
    }

    /// As a look at each object would have found it; of blocks as if all were one.
    func stored(_ number: UInt32, of keys: ObjectKeys) -> StoredFile {
        guard let byteCount else {
            return StoredFile(number, of: keys, hasHeader: hasHeader, blocks: [])
        }
        let key = dataByteCount == nil ? keys.block(file: number, number: 0) : keys.data(file: number)
        return StoredFile(
            header: keys.header(file: number), hasHeader: hasHeader,
            data: .init(key: key, byteCount: byteCount))
    }
}
