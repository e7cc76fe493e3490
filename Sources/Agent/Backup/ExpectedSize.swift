// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Synchronization

/// A quick guess at how many bytes tar will make of a directory: the files' lengths, each rounded up to tar's records.
///
/// It reads no file, stays on one file system as tar does, and ignores excludes: good enough for a progress bar.
enum ExpectedSize {
    private static let recordByteCount: Int64 = 512

    /// - Returns: nil where the walk was given up, by cancellation or because the directory cannot be read.
    static func bytes(under directory: String) async -> Int64? {
        let flag = GivenUp()
        return try? await runBlocking("expected-size", onCancel: { flag.raise() }) {
            try walk(directory, until: flag)
        }
    }

    private static func walk(_ top: String, until flag: GivenUp) throws -> Int64? {
        var total: Int64 = 0
        try FileSystem.forEachEntry(below: top) { status in
            total += recordByteCount
            if status.kind == .regular {
                total += (status.byteCount + recordByteCount - 1) / recordByteCount * recordByteCount
            }
            return !flag.isRaised
        }
        return flag.isRaised ? nil : total
    }
}

/// Tells a walk on another thread to stop.
private final class GivenUp: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }

    func raise() {
        state.withLock { $0 = true }
    }
}
