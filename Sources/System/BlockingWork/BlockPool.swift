// SPDX-License-Identifier: Apache-2.0

/// A fixed number of ByteBlocks of one size: the memory of a pipeline is its pools and nothing else.
///
/// Blocks are made when first needed. Acquiring waits until one is free. After `fail(_:)` every waiter throws and
/// released blocks are simply dropped.
public final class BlockPool: Sendable {
    /// Capacity of each block.
    public let blockByteCount: Int
    /// Blocks that the pool lends out at most.
    public let blockCount: Int

    private let free: HandOver<Lendable>

    private enum Lendable: Sendable {
        case unmade
        case made(ByteBlock)
    }

    /// A pool that lends out at most `blockCount` blocks of `blockByteCount` bytes.
    public init(blockByteCount: Int, blockCount: Int) {
        precondition(blockCount > 0)
        self.blockByteCount = blockByteCount
        self.blockCount = blockCount
        free = HandOver(capacity: blockCount)
        for _ in 0..<blockCount {
            try? free.putBlocking(.unmade)  // cannot fail: there is room for all of them
        }
    }

    /// An empty block; blocks the thread until one is free.
    public func acquireBlocking() throws -> ByteBlock {
        block(from: try free.takeBlocking())
    }

    /// An empty block; suspends until one is free.
    public func acquire() async throws -> ByteBlock {
        block(from: try await free.take())
    }

    /// Gives a block back; its bytes are forgotten. The block must be one of this pool's.
    public func release(_ block: ByteBlock) {
        precondition(block.capacity == blockByteCount)
        block.count = 0
        try? free.putBlocking(.made(block))  // fails only after fail(_:), when the block may go
    }

    /// Wakes every waiter with this error.
    public func fail(_ error: any Error) {
        free.fail(error)
    }

    private func block(from lendable: Lendable?) -> ByteBlock {
        guard case .made(let block) = lendable else { return ByteBlock(capacity: blockByteCount) }
        return block
    }
}
