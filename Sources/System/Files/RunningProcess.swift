// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Another process of this machine, of which only the number is known (from a lock or a log).
public enum RunningProcess {
    /// This process.
    public static var current: Int32 { getpid() }

    /// Whether a process of that number lives; one that may not be signalled does.
    public static func isAlive(_ pid: Int32) -> Bool {
        pid > 0 && (kill(pid, 0) == 0 || errno == EPERM)
    }

    /// The name of its program, at most 15 bytes; nil when there is none.
    public static func name(_ pid: Int32) -> String? {
        guard let bytes = try? FileSystem.readAll("/proc/\(pid)/comm", limit: 64) else { return nil }
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
