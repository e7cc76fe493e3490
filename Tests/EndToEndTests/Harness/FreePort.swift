// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Ports of 127.0.0.1 that nobody has, outside the range from which the kernel hands them out.
enum FreePort {
    private static let given = Mutex<Set<Int>>([])

    /// A port that was free a moment ago, and the one 10,000 above it too (SeaweedFS takes both).
    static func choose() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: 20_000..<22_700)
            let isNew = given.withLock { $0.insert(port).inserted }
            if isNew, isFree(port), isFree(port + 10_000) { return port }
        }
        throw CommandError.never("a free port", .zero)
    }

    private static func isFree(_ port: Int) -> Bool {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(handle) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
