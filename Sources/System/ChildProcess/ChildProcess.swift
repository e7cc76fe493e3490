// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import CLinux
import Descriptors
import Glibc
import Synchronization

/// A running program in a session and process group of its own (it has no terminal), with pipes as its command asks and its messages collected.
///
/// It is always reaped, on a thread of its own, and its whole group ends with it unless its command says otherwise. Dropping the last reference does not
/// end it: whoever spawns it calls `exit()` (which ends it when its task is cancelled) or `terminate()`. One that is killed and waits in the kernel for a
/// disk that does not answer is given up: it is reaped when it ends, and until then what it touches counts as hanging (`Hangs`).
public final class ChildProcess: Sendable {
    /// What runs.
    public let command: ChildCommand
    /// Its process id, which is also its group's.
    public let processID: Int32

    private let input: PipeEnd?
    private let output: PipeEnd?
    private let state: Mutex<State>
    private let messages: MessageCollector
    private let started = ContinuousClock.now

    private struct State {
        var exit: ChildExit?
        var isTerminated = false
        var isGivenUp = false
        var waiters: [CheckedContinuation<ChildExit, Never>] = []
    }

    private init(
        _ command: ChildCommand, _ processID: Int32, input: PipeEnd?, output: PipeEnd?,
        _ messages: MessageCollector
    ) {
        self.command = command
        self.processID = processID
        self.input = input
        self.output = output
        self.messages = messages
        state = Mutex(State())
    }

    /// The same from a task: starting a program waits for the disk that it lies on, and for the directory where it starts.
    ///
    /// - Throws: `HangFault` besides.
    public static func begin(
        _ command: ChildCommand, onMessageLine: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil
    ) async throws -> ChildProcess {
        try await runBlocking(
            "child-start", asking: [command.directory ?? command.touches ?? command.executable],
            late: { $0.terminate() }
        ) { try spawn(command, onMessageLine: onMessageLine) }
    }

    /// Starts the program; blocks the thread.
    ///
    /// `onMessageLine` gets each line of its standard error, without the line end, on one thread of its own; without
    /// it the first 8 KiB and the last 64 KiB are kept in `keptMessages`.
    public static func spawn(
        _ command: ChildCommand, onMessageLine: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil
    ) throws(ChildProcessError) -> ChildProcess {
        BlockingThread.require("start", command.executable)
        signal(SIGPIPE, SIG_IGN)  // a child that stops reading is an error of the write, not our death
        let input = command.hasInput ? try Pipe(to: command) : nil
        let output = command.hasOutput ? try Pipe(to: command) : nil
        let messagePipe = try Pipe(to: command, isBulk: false)
        let nullNumber = amfleet_open("/dev/null", O_RDWR, 0)
        guard nullNumber >= 0 else {
            throw .cannotStart(executable: command.executable, errorNumber: -nullNumber)
        }
        let null = PipeEnd(nullNumber)
        let standard = [input?.reading ?? null, output?.writing ?? null, messagePipe.writing].compactMap(
            \.number)
        // Its threads first: a child that nobody hears or reaps must not begin.
        let messages: MessageCollector
        let birth: HandOver<ChildProcess>
        do throws(ThreadShortage) {
            messages = try MessageCollector(messagePipe.reading, onLine: onMessageLine)
            birth = try reaper()
        } catch {
            throw .cannotStart(executable: command.executable, errorNumber: EAGAIN)
        }
        defer { birth.finish() }
        let processID = try start(command, standard + command.extraDescriptors)
        for end in [input?.reading, output?.writing, messagePipe.writing, null] { end?.close() }
        for end in [input?.writing, output?.reading] {
            if let number = end?.number { _ = amfleet_set_nonblocking(number) }
        }
        let child = ChildProcess(command, processID, input: input?.writing, output: output?.reading, messages)
        try? birth.putBlocking(child)  // there is room for one, and nobody fails it
        return child
    }

    /// The first 8 KiB and the last 64 KiB of its standard error, where nobody took the lines.
    public var keptMessages: String { messages.messages }

    /// After SIGKILL a process ends at once, unless the kernel waits on its behalf.
    static let afterKill: Duration = .seconds(10)

    /// Waits for its end. When the task is cancelled, the child is terminated, and its end is awaited all the same; `stuck` where it does
    /// not come.
    public func exit() async -> ChildExit {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if let exit = state.exit ?? (state.isGivenUp ? .stuck : nil) {
                        continuation.resume(returning: exit)
                    } else {
                        state.waiters.append(continuation)
                    }
                }
            }
        } onCancel: {
            terminate()
        }
    }

    /// Asks the whole group to end, and kills it after `grace`. Harmless after its end; does not wait.
    public func terminate(grace: Duration = .seconds(5)) {
        let isFirst = state.withLock { state in
            defer { state.isTerminated = true }
            guard state.exit == nil, !state.isTerminated else { return false }
            // The first process of a namespace is not asked: what it does not handle does not reach it.
            let isConfined = command.place?.confinement.hasNamespace == true
            kill(-processID, isConfined ? SIGKILL : SIGTERM)
            return true
        }
        guard isFirst else { return }
        do {
            try startThread("child-grace") { [self] in
                let deadline = ContinuousClock.now + grace
                while ContinuousClock.now < deadline, !hasEnded { usleep(10_000) }
                killGroup()
                let end = ContinuousClock.now + Self.afterKill
                while ContinuousClock.now < end, !hasEnded { usleep(10_000) }
                giveUp()
            }
        } catch {
            killGroup()
            Task.detached { [self] in
                try? await Task.sleep(for: Self.afterKill)
                giveUp()
            }
        }
    }

    private func killGroup() {
        state.withLock { if $0.exit == nil { _ = kill(-processID, SIGKILL) } }
    }

    /// The thread that reaps it goes on waiting.
    private func giveUp() {
        let waiters = state.withLock { state in
            guard state.exit == nil else { return [CheckedContinuation<ChildExit, Never>]() }
            state.isGivenUp = true
            if let path = command.touches { Hangs.enter(path, since: started) }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: .stuck) }
    }

    var hasEnded: Bool { ended != nil }

    var ended: ChildExit? { state.withLock { $0.exit ?? ($0.isGivenUp ? .stuck : nil) } }

    var isTerminated: Bool { state.withLock { $0.isTerminated } }

    /// Fills the rest of `block` from its output; blocks the thread. False at the end of the output.
    ///
    /// - Throws: `stalled` after `stallLimit` without a byte; `CancellationError` after `terminate()`.
    public func readBlocking(into block: ByteBlock, stallLimit: Duration) throws -> Bool {
        while block.count < block.capacity {
            guard try readSomeBlocking(into: block, stallLimit: stallLimit) else { return false }
        }
        return true
    }

    /// The same, as soon as there is anything; `block` must have room.
    public func readSomeBlocking(into block: ByteBlock, stallLimit: Duration) throws -> Bool {
        guard let descriptor = output?.number else { return false }
        let room = block.remainder
        while true {
            let count = read(descriptor, room.baseAddress, room.count)
            let error = errno
            if isTerminated { throw CancellationError() }
            if count >= 0 {
                block.count += count
                return count > 0
            }
            try waitAfter(error, descriptor, POLLIN, stallLimit)
        }
    }

    /// Writes all of `bytes` to its input; blocks the thread.
    ///
    /// - Throws: `stalled` after `stallLimit` without a byte taken; `inputRefused`; `CancellationError` after `terminate()`.
    public func writeBlocking(_ bytes: UnsafeRawBufferPointer, stallLimit: Duration) throws {
        var written = 0
        while written < bytes.count {
            guard let descriptor = input?.number else {
                throw ChildProcessError.inputRefused(executable: command.executable)
            }
            let count = write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            let error = errno
            if isTerminated { throw CancellationError() }
            if count >= 0 {
                written += count
            } else if error == EPIPE {
                throw ChildProcessError.inputRefused(executable: command.executable)
            } else {
                try waitAfter(error, descriptor, POLLOUT, stallLimit)
            }
        }
    }

    /// Its input ends here. Called by whoever writes it.
    public func closeInput() {
        input?.close()
    }

    private func waitAfter(_ error: Int32, _ descriptor: Int32, _ events: Int32, _ limit: Duration) throws {
        if error == EINTR { return }
        guard error == EAGAIN else {
            throw ChildProcessError.pipeFailed(
                executable: command.executable, reason: SystemReason.text(error))
        }
        // In short pieces: what the child left behind in another group may hold the pipe after its end.
        let deadline = ContinuousClock.now + limit
        while !waitUntilReady(descriptor, events, limit: min(.seconds(1), deadline - ContinuousClock.now)) {
            if isTerminated { throw CancellationError() }
            guard ContinuousClock.now < deadline else {
                throw ChildProcessError.stalled(executable: command.executable, limit: limit)
            }
        }
    }

    /// The thread that reaps the child which it is given.
    private static func reaper() throws(ThreadShortage) -> HandOver<ChildProcess> {
        let birth = HandOver<ChildProcess>(capacity: 1)
        try startThread("child-wait") {
            if let child = try? birth.takeBlocking() { child.reap() }
        }
        return birth
    }

    /// While it is unreaped its id cannot be another's, so signals go where they should. Blocks until its end.
    private func reap() {
        _ = amfleet_wait_unreaped(processID)
        messages.waitUntilRead(limit: .seconds(5))
        var waitStatus: Int32 = 0
        let waiters = state.withLock { state in
            if state.isTerminated || !command.leavesRestRunning { kill(-processID, SIGKILL) }
            while waitpid(processID, &waitStatus, 0) < 0, errno == EINTR {}
            let exit =
                waitStatus & 0x7f == 0
                ? ChildExit.status(waitStatus >> 8 & 0xff) : .signal(waitStatus & 0x7f)
            state.exit = exit
            if state.isGivenUp, let path = command.touches { Hangs.leave(path) }
            defer { state.waiters = [] }
            return state.waiters.map { ($0, exit) }
        }
        for (waiter, exit) in waiters { waiter.resume(returning: exit) }
    }
}
