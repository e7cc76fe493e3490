// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// SHA-256 (FIPS 180-4): 32 bytes.
public enum SHA256 {
    /// The digest of `bytes`.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest($0) }
    }

    /// The digest of `bytes`.
    public static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        oneShotDigest(bytes, EVP_sha256(), byteCount: 32)
    }
}

/// MD5 (RFC 1321): 16 bytes. For S3's ETag and Content-MD5 only, which detect damage, not malice.
public enum MD5 {
    /// The digest of `bytes`.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest($0) }
    }

    /// The digest of `bytes`.
    public static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        oneShotDigest(bytes, EVP_md5(), byteCount: 16)
    }
}

/// HMAC with SHA-256 (RFC 2104): 32 bytes.
public enum HMACSHA256 {
    /// The code of `message` under `key`; both may be empty.
    public static func code(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var byteCount: UInt32 = 0
        // HMAC pads keys with zeros, and libcrypto reads a null key as "the one before".
        let key = key.isEmpty ? [0] : key
        let made = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &byteCount)
        precondition(made != nil && byteCount == 32, "libcrypto has no HMAC-SHA-256")
        return code
    }
}

private func oneShotDigest(_ bytes: UnsafeRawBufferPointer, _ kind: OpaquePointer?, byteCount: Int) -> [UInt8]
{
    var digest = [UInt8](repeating: 0, count: byteCount)
    let status = EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, kind, nil)
    precondition(status == 1, "libcrypto lacks a digest that every build of it has")
    return digest
}
