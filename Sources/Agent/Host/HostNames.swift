// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// The names under which a disklist may mean this node.
struct HostNames: Sendable, Hashable {
    let names: Set<String>

    /// - Parameter node: the node's name in the cluster.
    init(node: String, hostname: String, canonical: String?) {
        let all = ["localhost", node, hostname, canonical].compactMap { $0 }
        names = Set(all.map { $0.lowercased() }.filter { !$0.isEmpty })
    }

    /// This machine's: the kernel's name and, if the resolver knows one, its FQDN. May wait for the resolver.
    static func ofThisNode(_ node: String) async throws -> HostNames {
        try await runBlocking("host-names") {
            let hostname = kernelName()
            return HostNames(node: node, hostname: hostname, canonical: canonicalName(of: hostname))
        }
    }

    func contains(_ host: String) -> Bool { names.contains(host.lowercased()) }

    private static func kernelName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func canonicalName(of hostname: String) -> String? {
        var hints = addrinfo()
        hints.ai_flags = AI_CANONNAME
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(hostname, nil, &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        return found.pointee.ai_canonname.map { String(cString: $0) }
    }
}
