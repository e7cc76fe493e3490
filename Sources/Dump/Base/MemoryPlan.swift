// SPDX-License-Identifier: Apache-2.0

import Glibc
import Gzip
import Saturation
import Zstd

/// How much memory one dump's buffers take, fixed before its first byte.
///
/// ```
/// upload parts   (uploadThreadCount + 2) × uploadPartByteCount     in flight, one filling, one to spare
/// native blocks  (w + 2) × 1 MiB                                   w = compression threads = cores, at most 16
/// members        (2w + 1) × (1 MiB + 4.1 KiB)                      in order behind w threads; if we compress
/// step blocks    4 × 1 MiB for each other step                     two read, one waiting, one taken
/// ```
///
/// With blocksize 10 MiB, 8 upload threads and 2 cores: 100 + 4 + 5 MiB. Besides: 64 KiB in libcurl and some 400 KiB
/// in ISA-L or libz a thread, 1 MiB in each pipe (two a program), what each program takes, and what the process is
/// without any dump (about 40 MiB). Dumps that run at the same time have this each.
public struct MemoryPlan: Sendable, Equatable {
    /// tar's output is compressed in pieces of this size.
    static let nativeBlockByteCount = 1 << 20
    /// More threads than this gain nothing on one tar.
    static let compressionThreadLimit = 16

    /// Bytes of one upload part.
    let uploadPartByteCount: Int
    /// Buffers for upload parts.
    let uploadBlockCount: Int
    /// Threads that compress.
    let compressionThreadCount: Int
    /// Buffers for tar's output.
    let nativeBlockCount: Int
    /// Buffers for compressed members; 0 where we do not compress ourselves.
    let memberBlockCount: Int
    /// Buffers behind programs that compress or encrypt, and behind our own cipher.
    let stepBlockCount: Int

    /// Buffers behind one such step.
    static let blockCountPerProgram = 4

    /// The plan of one dump. `isCompressed`: by ourselves, not by a program; `stepCount`: programs and our own cipher.
    init(
        uploadPartByteCount: Int, uploadThreadCount: Int, isCompressed: Bool, stepCount: Int = 0,
        compressionThreadCount: Int = MemoryPlan.defaultCompressionThreadCount
    ) {
        self.uploadPartByteCount = uploadPartByteCount
        uploadBlockCount = uploadThreadCount + 2
        self.compressionThreadCount = compressionThreadCount
        nativeBlockCount = compressionThreadCount + 2
        memberBlockCount = isCompressed ? 2 * compressionThreadCount + 1 : 0
        stepBlockCount = stepCount * Self.blockCountPerProgram
    }

    /// All buffers together.
    public var byteCount: Int {
        uploadBlockCount * uploadPartByteCount
            + (nativeBlockCount + stepBlockCount) * Self.nativeBlockByteCount
            + memberBlockCount * Self.memberBlockByteCount
    }

    static var memberBlockByteCount: Int {
        max(
            GzipMember.capacity(nativeByteCount: nativeBlockByteCount),
            ZstdMember.capacity(nativeByteCount: nativeBlockByteCount))
    }

    /// Of this machine.
    public static var machineByteCount: Int64 {
        Int64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))).saturatingTimes(
            Int64(max(0, sysconf(Int32(_SC_PAGESIZE)))))
    }

    /// The cores of this machine, at most 16.
    public static var defaultCompressionThreadCount: Int {
        min(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), compressionThreadLimit)
    }
}
