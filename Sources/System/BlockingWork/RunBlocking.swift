// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Runs blocking work on a thread of its own, never on the cooperative pool, and waits for its result.
///
/// `onCancel` is called from any thread when the awaiting task is cancelled. It must make the work return: kill the
/// child, fail the queue. Work that throws after a cancellation counts as cancelled; a result that was reached all
/// the same is given.
///
/// - Throws: what `work` throws; `CancellationError` if it threw and the task was cancelled.
public func runBlocking<Value: Sendable>(
    _ name: String,
    onCancel: @escaping @Sendable () -> Void = {},
    _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    let result: Result<Value, any Error> = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            startDetachedThread(name) {
                continuation.resume(returning: Result { try work() })
            }
        }
    } onCancel: {
        onCancel()
    }
    if case .failure = result, Task.isCancelled { throw CancellationError() }
    return try result.get()
}

/// Starts a thread that nobody joins; `name` shows in `top -H` (its first 15 bytes).
public func startDetachedThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, threadStackByteCount)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let status = pthread_create(&thread, &attributes, runThread, start.toOpaque())
    precondition(status == 0, "no thread to be had: \(String(cString: strerror(status)))")
}

/// Enough for zlib, ISA-L and Swift's own frames; virtual memory only until it is touched.
private let threadStackByteCount = 1 << 20

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
    start.body()
    return nil
}
