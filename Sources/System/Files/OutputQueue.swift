// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc
import Synchronization

/// Text on its way to somebody who may not read: a pager, a terminal that was stopped, a pipe whose reader sleeps.
///
/// Whoever writes never waits; a thread does, while there is anything to write. What is more than `byteCountLimit` beside others that
/// wait is left out, and a line says so where it would have stood. What cannot be written is lost.
public final class OutputQueue: Sendable {
    fileprivate struct State {
        /// The oldest first; the first of them is being written.
        var waiting: [[UInt8]] = []
        var byteCount = 0
        var leftOut = 0
        var isWriting = false
        /// Of all that there ever was.
        var writtenByteCount = 0
        /// So much was written when it was last given up.
        var givenUpAt: Int?
    }

    private let descriptor: Int32
    private let byteCountLimit: Int
    private let state = Mutex(State())

    /// - Parameter descriptor: stays open as long as the value lives.
    public init(descriptor: Int32, byteCountLimit: Int = 256 << 10) {
        self.descriptor = descriptor
        self.byteCountLimit = byteCountLimit
    }

    /// Does not block.
    public func write(_ text: String) {
        let bytes = Array(text.utf8)
        let begins = state.withLock { state in
            guard state.waiting.isEmpty || state.byteCount + bytes.count <= byteCountLimit else {
                state.leftOut += 1
                return false
            }
            state.take(bytes)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        guard begins else { return }
        // Without a thread whoever writes waits.
        do { try startThread("output") { [self] in writeAll() } } catch { writeAll() }
    }

    /// Waits until all of it is written, or nobody has taken a byte for `patience`; blocks the thread. Who still takes nothing after
    /// that is not waited for again.
    ///
    /// - Returns: whether all of it is.
    @discardableResult
    public func finish(patience: Duration) -> Bool {
        BlockingThread.require("write")
        var (known, deadline) = (-1, ContinuousClock.now)
        while true {
            let (isDone, written, givenUpAt) = state.withLock {
                (!$0.isWriting, $0.writtenByteCount, $0.givenUpAt)
            }
            if isDone { return true }
            if written != known { (known, deadline) = (written, .now + patience) }
            if written == givenUpAt || ContinuousClock.now >= deadline {
                state.withLock { $0.givenUpAt = written }
                return false
            }
            usleep(5_000)
        }
    }

    private func writeAll() {
        while let bytes = state.withLock({ $0.next() }) {
            write(bytes)
            state.withLock { $0.wrote() }
        }
    }

    /// In pieces, so that it shows when somebody reads.
    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.prefix(4096).withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
                state.withLock { $0.writtenByteCount += count }
            } else if count < 0, errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, 1_000)
            } else if count == 0 || errno != EINTR {
                return
            }
        }
    }
}

extension OutputQueue.State {
    fileprivate mutating func take(_ bytes: [UInt8]) {
        if leftOut > 0 {
            append(Array("… and \(leftOut) more that nobody had read\n".utf8))
            leftOut = 0
        }
        append(bytes)
    }

    private mutating func append(_ bytes: [UInt8]) {
        waiting.append(bytes)
        byteCount += bytes.count
    }

    /// nil: there is nothing more, and nobody writes from here on.
    fileprivate mutating func next() -> [UInt8]? {
        isWriting = !waiting.isEmpty
        return waiting.first
    }

    fileprivate mutating func wrote() {
        byteCount -= waiting.removeFirst().count
    }
}
