// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether a thread still does anything, as the kernel counts it: one that waits in a single call is given no processor.
///
/// Source: proc(5), `/proc/pid/task/tid/stat` (utime, stime) and `status` (context switches).
struct ThreadProgress: Sendable {
    private let directory: String

    /// Of the calling thread.
    init() {
        var name = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/thread-self", &name, name.count)
        directory =
            "/proc/"
            + String(decoding: name.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

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
