// SPDX-License-Identifier: Apache-2.0

/// The names of one dump's chunk files, in the directory of its run on a holding disk.
///
/// Shape: `<host>.<disk, sanitised>.<level>` for the first chunk, `….1`, `….2` for the next ones; `.tmp` behind while the
/// dump is being written. Source: seen with Amanda 3.5.1; `server-src/driver.c`, `server-src/chunker.c`.
public struct HoldingName: Hashable, Sendable {
    /// Behind a chunk's name until its dump is whole.
    public static let temporarySuffix = ".tmp"
    /// Beside the chunks while a run writes them: its process id.
    public static let processFile = "pid"

    /// The first chunk's name.
    public let first: String

    /// The names of a dump's chunks.
    public init(host: String, disk: String, level: Int) {
        first = "\(sanitisedDiskName(host)).\(sanitisedDiskName(disk)).\(level)"
    }

    /// The name of a chunk, counted from 0.
    public func chunk(_ index: Int) -> String {
        index == 0 ? first : "\(first).\(index)"
    }
}
