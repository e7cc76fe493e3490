// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Whether a thread still does anything, as the kernel counts it: one that waits in a single call is given no processor.
///
/// Source: proc(5), `/proc/pid/task/tid/stat` (utime, stime) and `status` (context switches).
struct ThreadProgress: Sendable {
    private let directory: String
    private let touch: ThreadTouch?

    /// Of the calling thread.
    init() {
        directory = "/proc/self/task/\(amfleet_thread_id())"
        touch = .ofThisThread
    }

    /// What it asked for last.
    var touched: String? { touch?.subject }

    /// How often it was given a processor, and for how long; nil: nobody knows.
    var mark: [String]? {
        guard let status = Self.text("\(directory)/status"), let stat = Self.text("\(directory)/stat") else {
            return nil
        }
        let switches = status.split(separator: "\n").filter { $0.contains("ctxt_switches") }
        // Behind `tid (name) `, which may hold anything: state is the first of these, utime and stime the 12th and 13th.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ").dropFirst()
        guard switches.count == 2, fields.count > 13 else { return nil }
        return (switches + fields.dropFirst(11).prefix(2)).map(String.init)
    }

    private static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}

/// Tells of a thread for how long it has stood still, from looks at it.
struct Standstill {
    private var mark: [String]?
    private var since: ContinuousClock.Instant?

    /// As far as earlier looks say; zero where it has moved since the last one, or nobody knows.
    mutating func duration(of progress: ThreadProgress?, _ now: ContinuousClock.Instant = .now) -> Duration {
        let newest = progress?.mark
        if let since, newest != nil, newest == mark { return now - since }
        mark = newest
        since = now
        return .zero
    }
}
