// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import S3

/// Where a restore reads stored streams from: a bucket, or holding disks.
protocol RangeSource: Sendable {
    /// Fills the block with exactly these bytes of an object.
    func read(_ key: String, range: Range<Int64>, into block: ByteBlock) async throws
}

extension S3Client: RangeSource {
    func read(_ key: String, range: Range<Int64>, into block: ByteBlock) async throws {
        try await get(key, range: range, into: block)
    }
}
