// SPDX-License-Identifier: Apache-2.0

/// How large secrets may be: keys, passphrases and settings are small, and all of them are held in memory at once.
enum SecretLimits {
    /// Bytes of one file.
    static let fileByteCount = 256 << 10
    static let fileCount = 200
    /// Bytes of all of a node's.
    static let byteCount = 4 << 20
}
