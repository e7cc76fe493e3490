// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import Synchronization

/// The letter box of the loop's thread: what everybody else asks of it, and the descriptor by which it is woken.
final class TransferInbox: Sendable {
    enum Command {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
        /// The files of an identity have been looked at.
        case looked(IdentityLook, IdentityReading)
    }

    private struct State {
        var commands: [Command] = []
        var isStopping = false
        var hasEnded = false
        var enders: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    /// Readable while there is something in it.
    let descriptor: Int32

    /// nil: there are no descriptors.
    init?() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// False once the loop stops: nobody would read it.
    @discardableResult
    func post(_ command: Command) -> Bool {
        let isPosted = state.withLock { state in
            guard !state.isStopping else { return false }
            state.commands.append(command)
            return true
        }
        if isPosted { wake() }
        return isPosted
    }

    /// The loop is to end.
    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    /// Returns once the loop has ended.
    func end() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.enders.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func wake() {
        eventfd_write(descriptor, 1)
    }
}

// For the loop's thread.
extension TransferInbox {
    /// The descriptor is no longer readable.
    func drain() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }

    /// What has come, oldest first, and whether it is time to end.
    func take() -> (commands: [Command], isStopping: Bool) {
        state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.isStopping)
        }
    }

    /// Tells who waits for it that the loop has ended.
    func tellEnd() {
        let enders = state.withLock { state in
            state.hasEnded = true
            defer { state.enders = [] }
            return state.enders
        }
        for ender in enders { ender.resume() }
    }
}
