// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Synchronization

/// A stream of known length without the zeros that encryption programs leave behind it.
///
/// `amcrypt` fills up to 512 bytes, `amcrypt-ossl` to 96, and neither takes them off again.
final class TrimmedSource: BlockSource {
    private let source: any BlockSource
    private let byteCount: Int64
    private let passed = Mutex<Int64>(0)

    /// `byteCount`: of the stream without padding.
    init(_ source: any BlockSource, byteCount: Int64) {
        self.source = source
        self.byteCount = byteCount
    }

    func takeBlocking() throws -> ByteBlock? {
        while let block = try source.takeBlocking() {
            let before = passed.withLock { passed in
                defer { passed += Int64(block.count) }
                return passed
            }
            let wanted = Int(min(max(byteCount - before, 0), Int64(block.count)))
            let excess = before + Int64(block.count) - max(byteCount, 0)
            guard block.bytes.dropFirst(wanted).allSatisfy({ $0 == 0 }),
                excess <= Int64(FilterTrial.paddingLimit)
            else { throw FilterError.garbageBehind(byteCount: excess) }
            block.count = wanted
            if wanted > 0 { return block }
            source.release(block)
        }
        return nil
    }

    func release(_ block: ByteBlock) { source.release(block) }
}
