// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How long work on a file system may take that may stop answering.
public enum Patience: Sendable {
    /// So long: it is a few calls, or moves so few bytes that they are done by then.
    case limit(Duration)
    /// As long as its paths answer, which is asked about whenever so much time has passed.
    case whileItAnswers(every: Duration, atMost: Duration = .seconds(86_400))
    /// The same, and as long as the thread does anything at all within `still` (nil: within that time too): a tree is moved or removed, whose top may
    /// answer out of a cache when nothing else does. Not for work that waits for other threads.
    case whileItMoves(every: Duration, still: Duration? = nil, atMost: Duration = .seconds(86_400))

    /// For what answers within milliseconds where it answers at all; long enough for a disk that has to start, or an automount.
    public static let ofLook = Patience.limit(.seconds(20))

    /// For some mebibytes that are read.
    public static let ofRange = Patience.limit(.seconds(300))

    /// For a tree that is moved or removed.
    public static let ofTree = Patience.whileItMoves(every: .seconds(60))

    /// For work on a catalog, which may wait for a lock and grows with its runs.
    ///
    /// - Parameter limit: for a single file of it whose directory answers; 10 seconds at least, which a disk may need under load.
    public static func ofCatalog(_ limit: Duration) -> Patience {
        let limit = max(.seconds(10), limit)
        return .whileItMoves(
            every: min(.seconds(30), limit / 4), still: limit, atMost: max(.seconds(600), limit * 2))
    }

    fileprivate var period: Duration {
        switch self {
        case .limit(let limit), .whileItAnswers(every: let limit, atMost: _),
            .whileItMoves(every: let limit, still: _, atMost: _):
            limit
        }
    }

    /// After which a path is given up that is alone in not answering.
    fileprivate var limit: Duration {
        if case .whileItMoves(every: _, still: let still?, atMost: _) = self { still } else { period }
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
/// - Throws: what `work` throws; `HangFault`; `ThreadShortage`; `CancellationError` where the task is cancelled and the work is not done
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
            do {
                try startThread(name) {
                    call.begins(ThreadProgress())
                    call.end(Result { try work() })
                }
            } catch {
                call.end(.failure(error))
            }
        }
    } onCancel: {
        call.giveUp(after: GivenUpWork<Value>.afterCancellation)
    }
    guard let result else {
        if Task.isCancelled { throw CancellationError() }
        throw call.fault
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

    /// Why it was given up: what is new, or that for which somebody has waited for longer.
    var fault: HangFault {
        let path = phase.withLock { if case .givenUp(let path) = $0 { path } else { paths.first ?? "" } }
        let isOld = Hangs.at(path).map { $0.since < start } ?? false
        return isOld
            ? HangFault(path, within: patience.limit) : .noAnswer(path: path, limit: patience.limit)
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

    private func lookAfterIt() async {
        var standstill = Standstill()
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: patience.period)) != nil else { return }
            switch patience {
            case .limit: return giveUp(as: await holder())
            case .whileItAnswers(every: _, let longest):
                if let path = await silent() { return giveUp(as: path) }
                if start.duration(to: .now) > longest { return giveUp(as: await holder()) }
            case .whileItMoves(every: let period, let still, let longest):
                if let path = await silent() { return giveUp(as: path) }
                let isStuck =
                    standstill.duration(of: progress.withLock { $0 }) >= still ?? (period - .milliseconds(50))
                if isStuck || start.duration(to: .now) > longest { return giveUp(as: await holder()) }
            }
        }
    }

    /// What the thread waits for: a path that does not answer at all, one for which another waits already, or that of its last call.
    private func holder() async -> String {
        if let path = await silent() ?? Hangs.oldest(below: paths) ?? progress.withLock({ $0 })?.touched {
            return path
        }
        // Of several that all answer nobody knows which one it is, and none of them is barred for it.
        if case .limit = patience { return paths.first ?? "" }
        return paths.joined(separator: "', '")
    }

    /// The first of the paths that does not answer.
    private func silent() async -> String? {
        let (paths, limit) = (paths, min(.seconds(3), patience.period))
        return try? await runBlocking("silent") {
            paths.first { !PatientLook.answers($0, limit: limit) }
        }
    }

    func giveUp(after limit: Duration) {
        Task.detached { [self] in
            try? await Task.sleep(for: limit)
            guard case .limit = patience else {
                // What still moves is waited for.
                var standstill = Standstill()
                while phase.withLock({ if case .waiting = $0 { true } else { false } }) {
                    if let path = await silent() { return giveUp(as: path) }
                    if standstill.duration(of: progress.withLock { $0 }) > .zero {
                        return giveUp(as: await holder())
                    }
                    try? await Task.sleep(for: limit)
                }
                return
            }
            giveUp(as: await holder())
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
