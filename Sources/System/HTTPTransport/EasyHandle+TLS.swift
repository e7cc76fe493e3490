// SPDX-License-Identifier: Apache-2.0

import CCurl

extension EasyHandle {
    /// - Parameter context: of the request's identity, if it has been read.
    func prepareTLS(_ request: HTTPRequest, _ context: IdentityContext?) {
        guard let identity = request.identity else {
            set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            return
        }
        set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        set(
            CURLOPT_SSLVERSION,
            identity.requiresTLS13 ? Int(CURL_SSLVERSION_TLSv1_3) : Int(CURL_SSLVERSION_TLSv1_2))
        if context != nil, sharesContext() {
            set(CURLOPT_CAINFO, nil)
            // Connections of different identities are not mixed up: libcurl compares this, and looks for nothing below a file.
            set(CURLOPT_CAPATH, "/dev/null/\(identity.authority)/\(identity.certificate ?? "")")
            return
        }
        set(CURLOPT_CAINFO, identity.authority)
        set(CURLOPT_CAPATH, nil)
        // libcurl keeps a file's authorities for a day, and a cluster's are replaced while a run goes on.
        if identity.requiresTLS13 { set(CURLOPT_CA_CACHE_TIMEOUT, 0) }
        if let certificate = identity.certificate, let privateKey = identity.privateKey {
            set(CURLOPT_SSLCERT, certificate)
            set(CURLOPT_SSLKEY, privateKey)
        }
    }

    /// Has a new connection take over what the transfer's identity holds. libcurl 7.88 adds its own, which is nothing, afterwards.
    private func sharesContext() -> Bool {
        amfleet_easy_set_ssl_context_callback(pointer) { easy, context, _ in
            guard let easy, let context, let transfer = EasyHandle.transfer(of: easy) else {
                return CURLE_ABORTED_BY_CALLBACK
            }
            let isShared = transfer.identityContext?.share(with: OpaquePointer(context)) ?? false
            return isShared ? CURLE_OK : CURLE_SSL_CERTPROBLEM
        } == CURLE_OK
    }
}
