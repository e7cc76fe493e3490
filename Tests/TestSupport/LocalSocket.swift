// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A TCP socket on 127.0.0.1, blocking. Closed when dropped.
final class LocalSocket: @unchecked Sendable {
    let descriptor: Int32

    /// Takes over an open descriptor.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Connects to a port; nil if nobody listens.
    static func connected(to port: Int) -> LocalSocket? {
        let socket = LocalSocket(newDescriptor())
        let status = withAddress(port) { Glibc.connect(socket.descriptor, $0, $1) }
        socket.setNoDelay()
        return status == 0 ? socket : nil
    }

    /// Listens on a port; 0: any free one. nil if it is taken.
    static func listening(on port: Int) -> LocalSocket? {
        let socket = LocalSocket(newDescriptor())
        var yes: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(port, { bind(socket.descriptor, $0, $1) }) == 0, listen(socket.descriptor, 128) == 0
        else {
            return nil
        }
        return socket
    }

    /// A program that is started just now does not get it: the port would stay taken for as long as that runs.
    private static func newDescriptor() -> Int32 {
        Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    var port: Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next connection; nil once the socket was shut.
    func accepted() -> LocalSocket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        let socket = LocalSocket(accepted)
        socket.setNoDelay()
        return socket
    }

    /// At most `limit` bytes; empty at the end or after a failure.
    func read(limit: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, limit, 0))
        }
    }

    /// False if the other side is gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Like `shut`, and what is still under way to it is answered with a reset: a sender whose bytes nobody reads any more
    /// would otherwise learn of the end only a minute later.
    func cut() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        shut()
    }

    /// Ends both directions: whoever blocks in a call on this socket wakes up.
    func shut() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func setNoDelay() {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func withAddress(
        _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
