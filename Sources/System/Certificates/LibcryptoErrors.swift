// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Descriptors

/// libcrypto's error queue, which is per thread: read it on the thread of the call, straight after it.
package enum LibcryptoErrors {
    /// Forgets what earlier calls on this thread left. To be called before every call whose errors are read.
    package static func clear() {
        ERR_clear_error()
    }

    /// Empties this thread's queue and returns the reasons, oldest first, joined by "; ".
    package static func take() -> String {
        var reasons: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? systemReason(code)
            if reasons.last != reason {
                reasons.append(reason)
            }
        }
        return reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; ")
    }

    /// Whether the newest error says that key and certificate do not belong together.
    package static var isKeyMismatch: Bool {
        openssl_error_reason(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH
    }

    /// Whether the newest error says that the peer speaks HTTP where TLS is expected.
    package static var isPlainHTTP: Bool { openssl_error_reason(ERR_peek_last_error()) == SSL_R_HTTP_REQUEST }

    /// libcrypto has no words for the kernel's errors, which it marks by the highest of 32 bits.
    private static func systemReason(_ code: UInt) -> String {
        guard code & 0x8000_0000 != 0 else { return "error \(code)" }
        return SystemReason.text(Int32(code & 0x7FFF_FFFF))
    }

    /// The error of a call into libcrypto that has just failed.
    static func failure(of call: String) -> CertificateError {
        .libcrypto(call: call, reason: take())
    }
}
