// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Ports of 127.0.0.1 for programs that cannot choose one themselves.
///
/// A program takes its port seconds after it was chosen, and may be started again on it much later. Therefore test programs that
/// run side by side choose from ranges of their own, and within one the port that was handed out longest ago is the next.
public enum FreePort {
    /// A port that nobody listens on; with `andAlso`, the port that much higher is free as well.
    ///
    /// Taken from below the kernel's range for outgoing connections, so that none of those sits on it. `andAlso` is less than
    /// 10,001, so that it too lies below that range and in no other program's.
    public static func find(andAlso distance: Int? = nil) -> Int {
        range.withLock { range in
            while true {
                let port = range.next()
                guard isFree(port) else { continue }
                if let distance, !isFree(port + distance) { continue }
                return port
            }
        }
    }

    private static let range = Mutex(PortRange.taken())

    private static func isFree(_ port: Int) -> Bool {
        LocalSocket.listening(on: port) != nil
    }
}

/// 400 ports between 12,000 and 22,000 that are this process's: it listens on the first of them until its end.
private struct PortRange: ~Copyable {
    static let size = 400
    private let lock: LocalSocket
    private let first: Int
    private var handedOut = 0

    static func taken() -> PortRange {
        for first in stride(from: 12_000, to: 22_000, by: size) {
            guard let lock = LocalSocket.listening(on: first) else { continue }
            return PortRange(lock: lock, first: first)
        }
        fatalError("every range of ports from 12000 to 22000 is somebody's: more than 25 test programs run")
    }

    mutating func next() -> Int {
        handedOut += 1
        return first + 1 + (handedOut - 1) % (Self.size - 1)
    }
}
