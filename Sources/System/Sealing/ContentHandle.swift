// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// One libcrypto CMS structure (RFC 5652), freed exactly once.
struct ContentHandle: ~Copyable {
    let pointer: OpaquePointer

    /// Longest that is read or written: secrets are small, and a bucket may hold anything.
    static let longestByteCount = 64 << 20

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// - Parameter what: names the bytes in errors.
    init(der: [UInt8], what: String) throws(SealingError) {
        guard der.count <= Self.longestByteCount else {
            throw .tooLong(byteCount: der.count, limit: Self.longestByteCount)
        }
        LibcryptoErrors.clear()
        let (read, used) = der.withUnsafeBufferPointer { bytes in
            var cursor = bytes.baseAddress
            let read = d2i_CMS_ContentInfo(nil, &cursor, bytes.count)
            return (read, cursor.map { $0 - (bytes.baseAddress ?? $0) } ?? 0)
        }
        guard let read else { throw .damaged(what: what, reason: LibcryptoErrors.take()) }
        guard used == der.count else {
            CMS_ContentInfo_free(read)
            throw .damaged(what: what, reason: "\(der.count - used) bytes follow its end")
        }
        pointer = read
    }

    deinit {
        CMS_ContentInfo_free(pointer)
    }

    func der() throws(SealingError) -> [UInt8] {
        LibcryptoErrors.clear()
        var encoding: UnsafeMutablePointer<UInt8>?
        let count = i2d_CMS_ContentInfo(pointer, &encoding)
        guard count > 0, let encoding else { throw .failure(of: "i2d_CMS_ContentInfo") }
        defer { CRYPTO_free(encoding, #file, #line) }
        return Array(UnsafeBufferPointer(start: encoding, count: Int(count)))
    }

    /// Has libcrypto read `bytes`.
    static func withReader<Result>(_ bytes: [UInt8], _ body: (OpaquePointer?) -> Result) -> Result {
        bytes.withUnsafeBytes { buffer in
            // A null buffer would be refused, and nothing is something that can be sealed.
            withUnsafeBytes(of: UInt8(0)) { nothing in
                let reader = BIO_new_mem_buf(
                    buffer.baseAddress ?? nothing.baseAddress, Int32(clamping: buffer.count))
                defer { BIO_free(reader) }
                return body(reader)
            }
        }
    }

    /// What `body` writes; nil where it says that it failed, and nothing of what it had written until then.
    static func written(_ body: (OpaquePointer?) -> Int32) -> [UInt8]? {
        let writer = BIO_new(BIO_s_secmem())
        defer { BIO_free(writer) }
        guard body(writer) == 1 else { return nil }
        let pending = BIO_ctrl_pending(writer)
        guard pending > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: pending)
        let count = BIO_read(writer, &bytes, Int32(clamping: pending))
        return Int(count) == pending ? bytes : nil
    }
}
