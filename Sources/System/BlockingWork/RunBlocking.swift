// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// Runs blocking work on a thread of its own, never on the cooperative pool, and waits for its result.
///
/// `onCancel` is called from any thread when the awaiting task is cancelled. It must make the work return: kill the
/// child, fail the queue. Work that throws after a cancellation counts as cancelled; a result that was reached all
/// the same is given.
///
/// Where a file system may be expected to hang, its paths are named (`runBlocking(asking:)`). Elsewhere too no thread is waited for that stands
/// still in one call on a file (`UnaskedPatience`).
///
/// - Throws: what `work` throws; `CancellationError` if it threw and the task was cancelled; `HangFault`; `ThreadShortage`.
public func runBlocking<Value: Sendable>(
    _ name: String,
    onCancel: @escaping @Sendable () -> Void = {},
    _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    let answer = ThreadAnswer<Value>()
    let result: Result<Value, any Error> = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            answer.await(continuation)
            do {
                try startThread(name) {
                    let thread = StandingThreads.enter { answer.giveUp($0) }
                    let result = Result { try work() }
                    StandingThreads.leave(thread)
                    answer.end(result)
                }
            } catch {
                answer.end(.failure(error))
            }
        }
    } onCancel: {
        answer.cancel()
        onCancel()
    }
    if case .failure = result, Task.isCancelled { throw CancellationError() }
    return try result.get()
}

/// Whoever waits for what a thread says, or for the news that it hangs.
///
/// He is woken outside the lock, and a cancellation takes none: the runtime cancels a task under a lock that waking it needs, too.
private final class ThreadAnswer<Value: Sendable>: Sendable {
    private struct State {
        var waiter: CheckedContinuation<Result<Value, any Error>, Never>?
        /// What it was given up for.
        var path: String?
    }

    private let state = Mutex(State())
    private let isCancelled = Atomic<Bool>(false)

    func await(_ waiter: CheckedContinuation<Result<Value, any Error>, Never>) {
        state.withLock { $0.waiter = waiter }
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// - Returns: whether that was long enough.
    func giveUp(_ standing: StandingThreads.Standing) -> Bool {
        let isCancelled = isCancelled.load(ordering: .relaxed)
        let limit = isCancelled ? UnaskedPatience.afterCancellation : UnaskedPatience.limit
        guard standing.duration >= limit else { return false }
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter != nil {
                Hangs.enter(standing.path, since: .now - standing.duration)
                state.path = standing.path
            }
            return state.waiter
        }
        waiter?.resume(returning: .failure(HangFault.noAnswer(path: standing.path, limit: limit)))
        return true
    }

    func end(_ result: Result<Value, any Error>) {
        let (waiter, path) = state.withLock { state in
            defer { state.waiter = nil }
            return (state.waiter, state.path)
        }
        waiter?.resume(returning: result)
        if let path { Hangs.leave(path) }
    }
}

/// Starts a thread that nobody joins; `name` shows in `top -H` (its first 15 bytes).
public func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadShortage) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, ThreadStack.byteCount)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    guard pthread_create(&thread, &attributes, runThread, start.toOpaque()) == 0 else {
        start.release()
        throw ThreadShortage()
    }
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    amfleet_name_thread(start.name)
    amfleet_let_thread_block(1)
    ThreadTouch.onThisThread(start.body)
    return nil
}
