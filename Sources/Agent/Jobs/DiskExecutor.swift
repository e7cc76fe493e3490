// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Dispatch

/// Runs an actor that writes to disk on threads of its own, so that a slow disk never holds the cooperative pool.
final class DiskExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(name: String) {
        queue = DispatchQueue(label: name)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            BlockingThread.here { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }
}
