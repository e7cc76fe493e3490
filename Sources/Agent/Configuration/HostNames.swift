// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// The names under which a disklist may mean this node: `localhost`, its name in the cluster, the kernel's name for
/// the machine, and the FQDN.
enum HostNames {
    /// The resolver, which may take seconds, is asked for the FQDN only where the other names do not do. Blocks.
    ///
    /// - Parameters:
    ///   - node: the node's name in the cluster.
    ///   - hosts: that the disklist names.
    static func own(node: String, covering hosts: [String]) -> Set<String> {
        let hostname = kernelName()
        let near = Set(["localhost", node, hostname].map { $0.lowercased() }.filter { !$0.isEmpty })
        guard !hosts.allSatisfy({ near.contains($0.lowercased()) }),
            let canonical = canonicalName(of: hostname)
        else { return near }
        return near.union([canonical.lowercased()])
    }

    private static func kernelName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Longer than a resolver needs that answers at all; a name that it does not know in time is none of ours.
    private static let limit: Duration = .seconds(10)

    private static func canonicalName(of hostname: String) -> String? {
        PatientLook.all([hostname], what: "host-look", limit: limit, at: { "the host \($0)" }) {
            canonicalNameFromResolver(of: $0)
        }[hostname]?.flatMap(\.self)
    }

    private static func canonicalNameFromResolver(of hostname: String) -> String? {
        BlockingThread.require("look-up of the host", hostname)
        var hints = addrinfo()
        hints.ai_flags = AI_CANONNAME
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(hostname, nil, &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        return found.pointee.ai_canonname.map { String(cString: $0) }
    }
}
