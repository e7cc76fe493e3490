// SPDX-License-Identifier: Apache-2.0

extension FaultyProxy {
    /// How often each path was asked for with `method` so far, by path without its query: for a promise such as "one HEAD an
    /// object at most". Mode `.http` only.
    ///
    ///     let proxy = try FaultyProxy(to: server.port)    // no fault, it only counts
    ///     #expect(proxy.counts("HEAD").values.allSatisfy { $0 == 1 })
    public func counts(_ method: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for request in requests where request.hasPrefix("\(method) ") {
            counts[String(request.dropFirst(method.count + 1).prefix { $0 != "?" }), default: 0] += 1
        }
        return counts
    }
}
