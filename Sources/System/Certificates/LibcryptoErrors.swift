// SPDX-License-Identifier: Apache-2.0

import COpenSSL

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
            let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
            if reasons.last != reason {
                reasons.append(reason)
            }
        }
        return reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; ")
    }

    /// The error of a call into libcrypto that has just failed.
    static func failure(of call: String) -> CertificateError {
        .libcrypto(call: call, reason: take())
    }
}
