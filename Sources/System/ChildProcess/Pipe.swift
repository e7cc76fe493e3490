// SPDX-License-Identifier: Apache-2.0

import CLinux
import Descriptors
import Glibc
import Synchronization

/// One end of a pipe, closed once, by whoever comes first.
final class PipeEnd: Sendable {
    private let descriptor: Mutex<Int32?>

    init(_ descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        close()
    }

    /// nil once closed. The caller must be the thread that alone may close it.
    var number: Int32? { descriptor.withLock { $0 } }

    func close() {
        descriptor.withLock { descriptor in
            if let open = descriptor { Glibc.close(open) }
            descriptor = nil
        }
    }
}

/// A pipe with the largest buffer the kernel grants: 1 MiB instead of 64 KiB is a factor of five in throughput.
struct Pipe {
    let reading: PipeEnd
    let writing: PipeEnd

    init(to command: ChildCommand, isBulk: Bool = true) throws(ChildProcessError) {
        var ends: (Int32, Int32) = (-1, -1)
        let status = amfleet_pipe(&ends.0, &ends.1)
        guard status == 0 else {
            throw .cannotStart(executable: command.executable, errorNumber: -status)
        }
        reading = PipeEnd(ends.0)
        writing = PipeEnd(ends.1)
        // A smaller buffer (the user's quota of pipe memory is used up) is slower, not wrong.
        if isBulk { _ = amfleet_set_pipe_size(ends.0, 1 << 20) }
    }
}

/// Waits until `descriptor` can be read or written: false when `limit` passed first.
func waitUntilReady(_ descriptor: Int32, _ events: Int32, limit: Duration) -> Bool {
    let deadline = ContinuousClock.now + limit
    while true {
        let left = deadline - ContinuousClock.now
        guard left > .zero else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let milliseconds =
            min(left.components.seconds, 3_600) * 1_000 + 1 + left.components.attoseconds
            / 1_000_000_000_000_000
        let status = poll(&entry, 1, Int32(milliseconds))
        if status > 0 { return true }
        // The read or write that follows will say what is wrong.
        if status < 0, errno != EINTR { return true }
    }
}
