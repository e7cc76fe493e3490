// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import ChildProcess
import Logging
import Synchronization

/// One call of a script's program, to its end.
enum ScriptProcess {
    /// Lines of each kind that are kept, the first ones.
    static let keptLineCount = 200
    /// How long what lies in the pipe is read.
    private static let afterEnd: Duration = .seconds(2)

    /// What became of it.
    struct Run {
        var end: End
        var output: [String] = []
        var messages: [String] = []

        enum End: Equatable {
            case exited(ChildExit)
            case killed(after: Duration)
        }

        func failure(of execution: ScriptExecution) -> ScriptError? {
            let (script, disk) = (execution.script.name, execution.entry.diskName)
            return switch end {
            case .exited(.status(0)): nil
            case .exited(let exit):
                .failed(
                    script: script, point: execution.point, disk: disk, exit: exit, output: messages)
            case .killed(let limit):
                .timedOut(
                    script: script, point: execution.point, disk: disk, limit: limit, output: messages)
            }
        }
    }

    /// Runs it for at most `limit`; then it is killed with all that it has started. What it leaves running after an
    /// end of its own goes on, as with stock Amanda: a session that holds a lock must survive the script.
    ///
    /// - Throws: `ChildProcessError.cannotStart`; `CancellationError` when the task was cancelled, after its end.
    static func run(_ command: ChildCommand, limit: Duration, logger: Logger) async throws -> Run {
        var command = command
        command.hasOutput = true
        command.leavesRestRunning = true
        let (output, messages) = (LineKeeper(), LineKeeper())
        let child = try await ChildProcess.begin(command) { messages.take(line: $0) }
        logger.started(command.executable, child)
        async let reading: Void = runBlocking("script-output", onCancel: {}) { read(child, output) }
        let end: Result<Run.End, any Error>
        do {
            let exit = try await child.exit(within: limit)
            logger.ended(command.executable, exit)
            end = .success(.exited(exit))
        } catch ChildProcessError.stalled {
            logger.info(
                "program killed", metadata: ["program": "\(command.executable)", "after": "\(limit)"])
            end = .success(.killed(after: limit))
        } catch {
            end = .failure(error)
        }
        output.scriptHasEnded()
        do {
            try await reading
        } catch let shortage as ThreadShortage {
            // Nobody has read what it said.
            _ = try end.get()
            throw shortage
        } catch {}
        return Run(end: try end.get(), output: output.lines, messages: messages.lines)
    }

    /// Whoever else holds the pipe may keep it open, and write to it for ever: after the script's own end only what is already in it
    /// counts, which is read at once.
    private static func read(_ child: ChildProcess, _ output: LineKeeper) {
        let block = ByteBlock(capacity: 65_536)
        var deadline: ContinuousClock.Instant?
        var hasMore = true
        while hasMore {
            block.count = 0
            if deadline == nil, output.isAtEnd { deadline = .now + afterEnd }
            do {
                hasMore = try child.readSomeBlocking(into: block, stallLimit: .milliseconds(200))
            } catch ChildProcessError.stalled {
                hasMore = deadline == nil
            } catch {
                hasMore = false
            }
            output.take(block.bytes)
            if let deadline, deadline <= .now { hasMore = false }
        }
        output.finish()
    }
}

/// The first lines of a stream; of the rest only the number.
private final class LineKeeper: Sendable {
    private struct State {
        var lines: [String] = []
        var count = 0
        var begun: [UInt8] = []
        var isAtEnd = false

        mutating func append(_ line: [UInt8]) {
            guard !line.isEmpty else { return }
            count += 1
            if lines.count < ScriptProcess.keptLineCount {
                lines.append(String(decoding: line.prefix(4096), as: UTF8.self))
            }
        }
    }

    private let state = Mutex(State())

    var isAtEnd: Bool { state.withLock { $0.isAtEnd } }

    var lines: [String] {
        state.withLock { state in
            let more = state.count - state.lines.count
            return more > 0 ? state.lines + ["and \(more) more lines"] : state.lines
        }
    }

    func scriptHasEnded() {
        state.withLock { $0.isAtEnd = true }
    }

    func take(line: UnsafeRawBufferPointer) {
        let line = Array(line)
        state.withLock { $0.append(line) }
    }

    func take(_ bytes: some Collection<UInt8>) {
        state.withLock { state in
            for byte in bytes {
                if byte == 10 {
                    state.append(state.begun)
                    state.begun.removeAll(keepingCapacity: true)
                } else if state.begun.count < 65_536 {
                    state.begun.append(byte)
                }
            }
        }
    }

    func finish() {
        state.withLock { state in
            state.append(state.begun)
            state.begun = []
        }
    }
}
