// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

extension S3Way {
    /// The proxy for a bucket's requests; one that this store names for itself goes before the environment's.
    func proxy(to location: S3Location) -> Result<HTTPProxy?, S3Error> {
        if let proxy { return .success(proxy) }
        do {
            return .success(try location.server.proxy(of: proxies, host: location.host))
        } catch {
            return .failure(error)
        }
    }
}

extension S3Server {
    /// The environment's proxy for requests to `host` at this server.
    func proxy(of proxies: HTTPProxies, host: String) throws(S3Error) -> HTTPProxy? {
        do {
            return try proxies.proxy(toHost: host, port: port, isEncrypted: isEncrypted)
        } catch {
            throw .invalidLocation(error.facts, hint: error.hint)
        }
    }
}
