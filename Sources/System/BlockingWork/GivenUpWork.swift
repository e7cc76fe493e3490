// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How long work on a file system may take that may stop answering.
public enum Patience: Sendable {
    /// So long: it is a few calls, or moves so few bytes that they are done by then.
    case limit(Duration)
    /// As long as its paths answer, which is asked about whenever so much time has passed.
    case whileItAnswers(every: Duration, atMost: Duration = .seconds(86_400))
    /// The same, and as long as the thread does anything at all, within that time too: a tree is moved or removed, whose top may answer out
    /// of a cache when nothing else does. Not for work that waits for other threads.
    case whileItMoves(every: Duration, atMost: Duration = .seconds(86_400))

    /// For what answers within milliseconds where it answers at all; long enough for a disk that has to start, or an automount.
    public static let ofLook = Patience.limit(.seconds(20))

    /// For some mebibytes that are read.
    public static let ofRange = Patience.limit(.seconds(300))

    /// For a tree that is moved or removed.
    public static let ofTree = Patience.whileItMoves(every: .seconds(60))

    /// For work on a catalog, which may wait for a lock and grows with its runs.
    public static let ofCatalog = Patience.whileItAnswers(every: .seconds(30), atMost: .seconds(600))

    fileprivate var period: Duration {
        switch self {
        case .limit(let limit), .whileItAnswers(every: let limit, atMost: _),
            .whileItMoves(every: let limit, atMost: _):
            limit
        }
    }
}

/// Runs blocking work on paths that may stop answering, on a thread that is given up then; it stays behind until it is back, and is all that
/// waits there: further work on the path is refused at once (`Hangs`).
///
/// What `work` touches it must own: it may go on long after this call has thrown.
///
/// - Parameters:
///   - paths: what may hang; where there are several and none of them does, the first is called so.
///   - late: gets a result that nobody waits for any more, to undo it.
/// - Throws: what `work` throws; `HangFault`; `CancellationError` where the task is cancelled and the work is not done
///   within 15 seconds.
public func runBlocking<Value: Sendable>(
    _ name: String, asking paths: [String], _ patience: Patience = .ofLook,
    late: @escaping @Sendable (Value) -> Void = { _ in },
    _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    for path in paths { try await waitForReturn(to: path, within: patience.period) }
    let call = GivenUpWork(paths, patience, late)
    let result: Result<Value, any Error>? = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            call.begin(continuation)
            startDetachedThread(name) {
                call.begins(ThreadProgress())
                call.end(Result { try work() })
            }
        }
    } onCancel: {
        call.giveUp(after: GivenUpWork<Value>.afterCancellation)
    }
    guard let result else {
        if Task.isCancelled { throw CancellationError() }
        throw HangFault(call.culprit, within: patience.period)
    }
    if case .failure = result, Task.isCancelled { throw CancellationError() }
    return try result.get()
}

/// Who was sent there before may be back by the time that this one would be given up.
private func waitForReturn(to path: String, within limit: Duration) async throws {
    while let hang = Hangs.at(path) {
        try Task.checkCancellation()
        guard hang.since + limit > .now else { throw HangFault(path, within: limit) }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// A thread at work, and who waits for it.
private final class GivenUpWork<Value: Sendable>: Sendable {
    static var afterCancellation: Duration { .seconds(15) }

    private enum Phase {
        case waiting(CheckedContinuation<Result<Value, any Error>?, Never>)
        case ended
        case givenUp(String)
    }

    private let paths: [String]
    private let patience: Patience
    private let late: @Sendable (Value) -> Void
    private let start = ContinuousClock.now
    private let phase = Mutex<Phase>(.ended)
    private let watch = Mutex<Task<Void, Never>?>(nil)
    private let progress = Mutex<ThreadProgress?>(nil)

    init(_ paths: [String], _ patience: Patience, _ late: @escaping @Sendable (Value) -> Void) {
        self.paths = paths
        self.patience = patience
        self.late = late
    }

    /// What it was given up for.
    var culprit: String {
        phase.withLock { if case .givenUp(let path) = $0 { path } else { paths.first ?? "" } }
    }

    func begin(_ continuation: CheckedContinuation<Result<Value, any Error>?, Never>) {
        phase.withLock { $0 = .waiting(continuation) }
        let task = Task.detached { await self.lookAfterIt() }
        watch.withLock { $0 = task }
    }

    /// Called by the thread itself.
    func begins(_ thread: ThreadProgress) {
        progress.withLock { $0 = thread }
    }

    private var mark: [String]? { progress.withLock { $0 }?.mark }

    private func lookAfterIt() async {
        var before: [String]?
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: patience.period)) != nil else { return }
            switch patience {
            case .limit: return giveUp(as: await silent() ?? paths.first ?? "")
            case .whileItAnswers(every: _, let longest):
                if let path = await silent() { return giveUp(as: path) }
                if start.duration(to: .now) > longest { return giveUp(as: paths.first ?? "") }
            case .whileItMoves(every: _, let longest):
                if let path = await silent() { return giveUp(as: path) }
                let now = mark
                let isStuck = now != nil && now == before
                if isStuck || start.duration(to: .now) > longest { return giveUp(as: whole) }
                before = now
            }
        }
    }

    /// Of several that all answer nobody knows which one holds the thread, and none of them is barred for it.
    private var whole: String { paths.joined(separator: "', '") }

    /// The first of the paths that does not answer.
    private func silent() async -> String? {
        if case .limit = patience, paths.count < 2 { return nil }
        let paths = paths
        return try? await runBlocking("silent") {
            paths.first { !PatientLook.answers($0, limit: .seconds(3)) }
        }
    }

    func giveUp(after limit: Duration) {
        Task.detached { [self] in
            try? await Task.sleep(for: limit)
            guard case .limit = patience else {
                // What still moves is waited for.
                var before: [String]?
                while phase.withLock({ if case .waiting = $0 { true } else { false } }) {
                    if let path = await silent() { return giveUp(as: path) }
                    let now = mark
                    if now != nil, now == before { return giveUp(as: whole) }
                    before = now
                    try? await Task.sleep(for: limit)
                }
                return
            }
            giveUp(as: paths.first ?? "")
        }
    }

    private func giveUp(as path: String) {
        phase.withLock { phase in
            guard case .waiting(let continuation) = phase else { return }
            Hangs.enter(path, since: start)
            phase = .givenUp(path)
            continuation.resume(returning: nil)
        }
    }

    func end(_ result: Result<Value, any Error>) {
        watch.withLock { $0 }?.cancel()
        let path: String? = phase.withLock { phase in
            switch phase {
            case .ended: return nil
            case .givenUp(let path): return path
            case .waiting(let continuation):
                phase = .ended
                continuation.resume(returning: result)
                return nil
            }
        }
        guard let path else { return }
        Hangs.leave(path)
        if let value = try? result.get() { late(value) }
    }
}
