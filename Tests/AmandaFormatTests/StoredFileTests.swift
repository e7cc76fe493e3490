// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@Suite struct StoredFileTests {
    private let keys = ObjectKeys(slotPrefix: "demo/slot-1")

    private func inBlocks(_ numbers: [UInt64], hasHeader: Bool = true) -> StoredFile {
        StoredFile(
            3, of: keys, hasHeader: hasHeader,
            blocks: numbers.map { .init(key: keys.block(file: 3, number: $0), byteCount: 10) })
    }

    @Test func `is whole with as many bytes as are recorded`() {
        let file = StoredFile(
            header: keys.header(file: 3), data: .init(key: keys.data(file: 3), byteCount: 7))
        #expect(file.fault(expecting: 7) == nil)
        #expect(file.fault(expecting: nil) == nil)
        #expect(
            file.fault(expecting: 8)
                == .lengthDiffers(key: keys.data(file: 3), expected: 8, found: 7))
    }

    @Test func `without its header it is missing, whatever its data are`() {
        let file = StoredFile(
            header: keys.header(file: 3), hasHeader: false, data: .init(key: keys.data(file: 3), byteCount: 7)
        )
        #expect(file.fault(expecting: 7) == .missing(key: keys.header(file: 3)))
        #expect(file.dataFault(expecting: 7) == nil)
        #expect(inBlocks([], hasHeader: false).fault(expecting: 0) == .missing(key: keys.header(file: 3)))
    }

    @Test func `blocks come in their order, and the first that is missing is named`() {
        #expect(inBlocks([1, 0, 2]).pieces.map(\.key) == (0..<3).map { keys.block(file: 3, number: $0) })
        #expect(inBlocks([0, 1, 2]).fault(expecting: 30) == nil)
        #expect(
            inBlocks([0, 2, 3]).fault(expecting: 30) == .missing(key: keys.block(file: 3, number: 1)))
        #expect(inBlocks([1]).fault(expecting: nil) == .missing(key: keys.block(file: 3, number: 0)))
        #expect(
            inBlocks([0, 1]).fault(expecting: 30)
                == .lengthDiffers(key: keys.block(file: 3, number: 0), expected: 30, found: 20))
    }

    @Test func `only a file of no bytes may have no data`() {
        #expect(inBlocks([]).fault(expecting: 0) == nil)
        #expect(inBlocks([]).fault(expecting: nil) == .missing(key: keys.data(file: 3)))
        #expect(inBlocks([]).fault(expecting: 1) == .missing(key: keys.data(file: 3)))
    }

    @Test func `what lies beside its blocks is none of them`() {
        let others = [keys.data(file: 3), keys.block(file: 4, number: 0), "demo/slot-1f00000003-bx"]
        let file = StoredFile(
            3, of: keys, hasHeader: true, blocks: others.map { .init(key: $0, byteCount: 1) })
        #expect(file.pieces.isEmpty)
    }
}
