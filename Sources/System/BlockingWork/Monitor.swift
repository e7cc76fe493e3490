// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One pthread mutex and one condition: what threads that block wait on (`Mutex` has no condition).
///
/// `wait` and `wakeAll` are called inside `locked` only.
final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    func wait() {
        BlockingThread.require("wait")
        pthread_cond_wait(condition, mutex)
    }

    /// Returns early where it is woken.
    func wait(atMost limit: Duration) {
        BlockingThread.require("wait")
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let (seconds, attoseconds) = max(.zero, limit).components
        let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
        var end = timespec(
            tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000)
        pthread_cond_timedwait(condition, mutex, &end)
    }

    func wakeAll() {
        pthread_cond_broadcast(condition)
    }
}
