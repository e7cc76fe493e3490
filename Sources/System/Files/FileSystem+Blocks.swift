// SPDX-License-Identifier: Apache-2.0

import Glibc

extension FileSystem {
    /// Gives the file's bytes to `body` block by block, in order; the last block may be short.
    public static func forEachBlock(
        of path: String, byteCount: Int = 1 << 20, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let descriptor = try Descriptor(path, O_RDONLY)
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
        defer { block.deallocate() }
        var filled = 0
        while true {
            let room = block.baseAddress.map { $0 + filled }
            let count = Glibc.read(descriptor.number, room, byteCount - filled)
            if count < 0 {
                if errno == EINTR { continue }
                throw FilesError("read", path, errorNumber: errno)
            }
            filled += count
            if filled == byteCount || (count == 0 && filled > 0) {
                try body(UnsafeRawBufferPointer(rebasing: block[..<filled]))
                filled = 0
            }
            if count == 0 { return }
        }
    }
}
