// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Which public keys can receive what is sealed. Ed25519 and its kind sign only; a short RSA key does not last as long as a backup.
enum ReceivingKey {
    private static let curves: Set<String> = ["prime256v1", "secp384r1"]
    private static let leastRSABitCount: Int32 = 3_072

    /// Why nothing is sealed to `key`, by its kind, such as `RSA of 1024 bits`; nil: it can be.
    static func refusal(of key: OpaquePointer?) -> String? {
        // What libcrypto cannot decode in a certificate it gives as none, and does not ask for itself.
        guard let key else { return "a key that nobody can read" }
        let name = EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "unknown"
        switch name {
        case "EC":
            var curve = [CChar](repeating: 0, count: 64)
            var length = 0
            guard EVP_PKEY_get_group_name(key, &curve, curve.count, &length) == 1 else {
                return "a curve without a name"
            }
            let text = String(decoding: curve.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
            return curves.contains(text) ? nil : "the curve \(text)"
        case "RSA":
            let bits = EVP_PKEY_get_bits(key)
            return bits >= leastRSABitCount ? nil : "RSA of \(bits) bits"
        default: return name
        }
    }

    static func isRSA(_ key: OpaquePointer?) -> Bool {
        guard let key else { return false }
        return EVP_PKEY_get0_type_name(key).map { String(cString: $0) } == "RSA"
    }
}
