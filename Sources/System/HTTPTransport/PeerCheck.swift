// SPDX-License-Identifier: Apache-2.0

import CCurl
import COpenSSL
import Certificates

extension EasyHandle {
    /// Looks at the peer's certificate when the connection stands, new or used again, and nothing is sent yet. A connection
    /// that is used again needed no look-up of its host.
    ///
    /// `CURLOPT_CERTINFO` would not do: libcurl fills it in during the handshake only.
    func preparePeerCheck(_ context: UnsafeMutableRawPointer) {
        set(CURLOPT_PREREQDATA, pointer: context)
        amfleet_easy_set_prerequest_callback(pointer) { context, _, _, _, _ in
            guard let transfer = Transfer.at(context) else { return Int32(CURL_PREREQFUNC_ABORT) }
            transfer.lookedUp()
            transfer.connected()
            guard transfer.acceptsPeer() else {
                return Int32(CURL_PREREQFUNC_ABORT)
            }
            return Int32(CURL_PREREQFUNC_OK)
        }
    }

    /// The certificate of the peer that this request is about to be sent to.
    fileprivate var peerCertificate: CertificateFacts? {
        guard let ssl = amfleet_easy_get_ssl(pointer),
            let certificate = SSL_get0_peer_certificate(OpaquePointer(ssl))
        else { return nil }
        return try? CertificateFacts(borrowing: certificate)
    }
}

extension Transfer {
    /// Whether the peer is the one that the request names, by a certificate that is not revoked; otherwise `failure` says what it is
    /// instead.
    func acceptsPeer() -> Bool {
        guard let identity = request.identity, let wanted = identity.peerURI else { return true }
        let certificate = easy?.peerCertificate
        if let serial = certificate?.serial, identity.revoked.isRevoked(serial) {
            failure = .tlsPeerRevoked(url: request.url, serial: serial)
            return false
        }
        let found = certificate?.uris
        if found == [wanted] { return true }
        let names = (found ?? []).map { "'\($0)'" }.joined(separator: ", ")
        failure = .tlsPeerUntrusted(
            url: request.url,
            text: "its certificate names \(names.isEmpty ? "no URI" : names), not '\(wanted)'")
        return false
    }
}
