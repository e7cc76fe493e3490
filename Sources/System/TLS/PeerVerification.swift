// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
import Faults

/// What libssl calls for every certificate of the peer's chain, during the handshake.
///
/// libssl has judged signatures, dates and purpose by then. At the peer's own certificate (depth 0) the name is
/// judged too, so that a stranger is told by an alert and never reaches HTTP.
func peerVerification(isAcceptable: Int32, store: OpaquePointer?) -> Int32 {
    guard let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let owner = openssl_owner(OpaquePointer(ssl))
    else { return 0 }
    let connection = Unmanaged<TLSConnection>.fromOpaque(owner).takeUnretainedValue()
    guard let certificate = X509_STORE_CTX_get_current_cert(store),
        let facts = try? CertificateFacts(borrowing: certificate)
    else {
        connection.refusal = verificationError(of: store)
        return 0
    }
    guard isAcceptable == 1 else {
        connection.refusal = "\(verificationError(of: store)) (\(facts.subject))"
        return 0
    }
    guard X509_STORE_CTX_get_error_depth(store) == 0 else { return 1 }
    do {
        try connection.admit(facts)
        return 1
    } catch {
        connection.refusal = "\(error.headline) (\(facts.subject))"
        let isRevoked = if case .revoked = error { true } else { false }
        X509_STORE_CTX_set_error(store, isRevoked ? X509_V_ERR_CERT_REVOKED : X509_V_ERR_CERT_REJECTED)
        return 0
    }
}

private func verificationError(of store: OpaquePointer?) -> String {
    String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(store))))
}
