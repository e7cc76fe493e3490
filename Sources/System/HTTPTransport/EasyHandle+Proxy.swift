// SPDX-License-Identifier: Apache-2.0

import CCurl
import Secret

extension EasyHandle {
    /// Sets the proxy of `request`, and that libcurl looks for none by itself: neither the environment's nor its exceptions.
    func prepareProxy(_ request: HTTPRequest) {
        set(CURLOPT_PROXY, request.proxy?.name ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        guard let login = request.proxy?.login else { return }
        set(CURLOPT_PROXYUSERNAME, login.user.plaintext)
        set(CURLOPT_PROXYPASSWORD, login.password.plaintext)
    }

    /// Status of the proxy's answer to CONNECT; 0: there was none.
    var tunnelStatus: Int {
        var status = 0
        amfleet_easy_get_long(pointer, CURLINFO_HTTP_CONNECTCODE, &status)
        return status
    }
}
