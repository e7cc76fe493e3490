// SPDX-License-Identifier: Apache-2.0

import ChildProcess
import Files
import Logging
import Synchronization

/// GNU tar unpacking one archive.
final class TarExtraction: Sendable {
    private let child: ChildProcess
    private let stallLimit: Duration
    private let messages: MessageBoard
    private let program: String
    private let logger: Logger
    /// nil: the kernel keeps tar in the target, or the operator wants nothing to.
    private let screen: Mutex<ArchiveScreen?>

    /// What tar has said so far.
    private final class MessageBoard: Sendable {
        private struct State {
            var messages = BoundedMessages()
            var cause = FailureCause()
            var diskFull: String?
            var renaming: String?
        }

        private let state = Mutex(State())
        private let log: MessageLog

        init(_ logger: Logger) {
            log = MessageLog(logger)
        }

        func take(_ line: UnsafeRawBufferPointer) {
            let text = String(decoding: line, as: UTF8.self)
            let isDiskFull =
                text.hasSuffix(": No space left on device") || text.hasSuffix(": Disk quota exceeded")
            log.take(text)
            state.withLock { state in
                state.messages.append(text)
                state.cause.take(text)
                if text.contains(": Cannot rename ") { state.renaming = state.renaming ?? text }
                if isDiskFull { state.diskFull = state.diskFull ?? text }
            }
        }

        var all: [String] { state.withLock { $0.messages.texts } }
        var diskFull: String? { state.withLock { $0.diskFull } }

        func failure(_ exit: ChildExit) -> RestoreError {
            state.withLock { .tarFailed(exit: exit, cause: $0.cause.text, renaming: $0.renaming) }
        }
    }

    /// Starts tar in the open directory, confined to it, and blocks for it.
    init(_ plan: RestorePlan) throws {
        let directory = try plan.directory ?? OpenDirectory(making: plan.target)
        let confinement = plan.isUnconfined ? .none : plan.confinement ?? .strongest()
        screen = Mutex(
            confinement.isComplete || plan.isUnconfined ? nil : ArchiveScreen(directory))
        var arguments = TarCommand.extract(
            plan.tar, directory: ".", deletes: plan.deletes, ownersByName: plan.hasOwnersByName)
        if !plan.paths.isEmpty {
            arguments += ["--"] + plan.paths.map { $0 == "." || $0.hasPrefix("./") ? $0 : "./\($0)" }
        }
        let messages = MessageBoard(plan.logger)
        self.messages = messages
        stallLimit = plan.stallLimit
        program = plan.tar.gnutarPath
        logger = plan.logger
        var command = ChildCommand(plan.tar.gnutarPath, arguments, hasInput: true)
        command.touches = plan.target
        command.place = ChildPlace(directory: directory.descriptor, confinement: confinement)
        child = try withExtendedLifetime(directory) {
            try ChildProcess.spawn(command) { messages.take($0) }
        }
        logger.started(program, child)
    }

    /// Hands tar the next bytes; blocks the thread. A full disk ends it here: tar itself would skip file after file.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        if let message = messages.diskFull { throw RestoreError.diskFull(message: message) }
        try screen.withLock { try $0?.check(bytes) }
        try child.writeBlocking(bytes, stallLimit: stallLimit)
    }

    /// Makes a `write` that waits for tar return. Harmless after tar's end.
    func stop() {
        child.terminate()
    }

    /// The archive is whole: waits for tar, and gives its messages.
    func finish() async throws -> [String] {
        child.closeInput()
        let exit = try await child.exit(within: stallLimit)
        logger.ended(program, exit)
        try check(exit)
        return messages.all
    }

    /// Ends tar, and says why: if tar had ended by itself, that is the reason rather than the pipe's.
    func abandon(because error: any Error) async -> any Error {
        var reason = error
        if case ChildProcessError.inputRefused = error {
            do {
                try check(try await child.exit(within: stallLimit))
            } catch {
                reason = error
            }
        }
        child.terminate()
        let exit = await child.exit()
        logger.ended(program, exit)
        if exit == .stuck, !(error is CancellationError) {
            reason = ChildProcessError.stuck(executable: program, touches: child.command.touches)
        }
        if let message = messages.diskFull, !(error is CancellationError) {
            reason = RestoreError.diskFull(message: message)
        }
        return Task.isCancelled ? CancellationError() : reason
    }

    private func check(_ exit: ChildExit) throws {
        if let message = messages.diskFull { throw RestoreError.diskFull(message: message) }
        guard exit == .status(0) else { throw messages.failure(exit) }
    }
}
