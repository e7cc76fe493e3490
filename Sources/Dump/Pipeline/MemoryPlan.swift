// SPDX-License-Identifier: Apache-2.0

import Glibc
import Gzip

/// How much memory one dump's buffers take, fixed before its first byte.
///
/// ```
/// upload parts   (uploadThreadCount + 2) × uploadPartByteCount     in flight, one filling, one to spare
/// native blocks  (w + 2) × 1 MiB                                   w = compression threads = cores, at most 16
/// members        (2w + 1) × (1 MiB + 113 bytes)                    in order behind w threads
/// ```
///
/// With blocksize 10 MiB, 8 upload threads and 2 cores: 100 + 4 + 5 MiB. Besides: 64 KiB in libcurl and some 400 KiB
/// in ISA-L or libz a thread, 1 MiB in each pipe, and what the process is without any dump (about 40 MiB). Without
/// compression the members are the native blocks. Dumps that run at the same time have this each.
public struct MemoryPlan: Sendable, Equatable {
    /// tar's output is compressed in pieces of this size.
    public static let nativeBlockByteCount = 1 << 20
    /// More threads than this gain nothing on one tar.
    static let compressionThreadLimit = 16

    /// Bytes of one upload part.
    public let uploadPartByteCount: Int
    /// Buffers for upload parts.
    public let uploadBlockCount: Int
    /// Threads that compress.
    public let compressionThreadCount: Int
    /// Buffers for tar's output.
    public let nativeBlockCount: Int
    /// Buffers for compressed members; 0 without compression.
    public let memberBlockCount: Int

    /// The plan of one dump.
    public init(
        uploadPartByteCount: Int, uploadThreadCount: Int, isCompressed: Bool,
        compressionThreadCount: Int = MemoryPlan.defaultCompressionThreadCount
    ) {
        self.uploadPartByteCount = uploadPartByteCount
        uploadBlockCount = uploadThreadCount + 2
        self.compressionThreadCount = compressionThreadCount
        nativeBlockCount = isCompressed ? compressionThreadCount + 2 : 2 * compressionThreadCount + 3
        memberBlockCount = isCompressed ? 2 * compressionThreadCount + 1 : 0
    }

    /// All buffers together.
    public var byteCount: Int {
        uploadBlockCount * uploadPartByteCount + nativeBlockCount * Self.nativeBlockByteCount
            + memberBlockCount * Self.memberBlockByteCount
    }

    static var memberBlockByteCount: Int { GzipMember.capacity(nativeByteCount: nativeBlockByteCount) }

    /// The cores of this machine, at most 16.
    public static var defaultCompressionThreadCount: Int {
        min(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), compressionThreadLimit)
    }
}
