// SPDX-License-Identifier: Apache-2.0

import CCurl
import Descriptors
import Glibc
import Synchronization

/// The thread that owns libcurl's multi handle, and the letter box through which everybody else speaks to it.
///
/// Ownership: everything but `inbox` and `wakeUp` belongs to the thread, from `init` until it ends.
final class TransferLoop: @unchecked Sendable {
    private enum Command {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopping = false
        var hasEnded = false
        var enders: [CheckedContinuation<Void, Never>] = []
    }

    private let inbox = Mutex(Inbox())
    private let wakeUp: Int32
    private let poller: SocketPoller
    private let multi: UnsafeMutableRawPointer
    private let idleHandleLimit: Int

    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var idleHandles: [EasyHandle] = []
    private var budget: ConnectionBudget
    /// Asked for and not yet begun, oldest first.
    private var waiting: [Transfer] = []
    /// Nothing is begun before: there were no descriptors.
    private var nextBegin: ContinuousClock.Instant?
    private var nextStallCheck = ContinuousClock.now
    /// When the first of those that wait for a turn under a cap may have it.
    private var nextRelease: ContinuousClock.Instant?

    init(connectionCount: Int, budget: ConnectionBudget) throws(HTTPTransportError) {
        _ = Self.library
        self.budget = budget
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0, let poller = SocketPoller(), let multi = curl_multi_init() else {
            throw .shortage(url: "", number: DescriptorLimit.isReached ? EMFILE : ENOMEM)
        }
        self.poller = poller
        self.multi = multi
        idleHandleLimit = min(connectionCount, 32)
        amfleet_multi_set_long(
            multi, CURLMOPT_MAXCONNECTS, max(1, min(connectionCount, budget.connectionLimit)))
        // Where another is needed, libcurl closes the one that has been idle for longest.
        amfleet_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, budget.connectionLimit)
        poller.attach(to: multi)
        poller.watch(wakeUp)
        startThread()
    }

    deinit {
        idleHandles = []
        curl_multi_cleanup(multi)
        close(wakeUp)
    }

    private static let library: CURLcode = curl_global_init(Int(CURL_GLOBAL_ALL))
}

// From any thread.
extension TransferLoop {
    func start(_ transfer: Transfer) {
        guard post(.start(transfer)) else { return transfer.finish(.shutDown) }
    }

    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        _ = post(.cancel(transfer))
    }

    func resume(_ transfer: Transfer) {
        _ = post(.resume(transfer))
    }

    func stop() {
        inbox.withLock { $0.isStopping = true }
        wake()
    }

    func stopAndWait() async {
        stop()
        await withCheckedContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                if !inbox.hasEnded { inbox.enders.append(continuation) }
                return inbox.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// False once the loop stops: nobody would read it.
    private func post(_ command: Command) -> Bool {
        let isPosted = inbox.withLock { inbox in
            guard !inbox.isStopping else { return false }
            inbox.commands.append(command)
            return true
        }
        if isPosted { wake() }
        return isPosted
    }

    private func wake() {
        eventfd_write(wakeUp, 1)
    }
}

// On the thread.
extension TransferLoop {
    private func startThread() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(&thread, nil, runTransferLoop, context)
        precondition(status == 0, "no thread to be had: \(String(cString: strerror(status)))")
        pthread_detach(thread)
    }

    fileprivate func run() {
        while true {
            let readySockets = poller.wait(
                until: [transfers.isEmpty ? nil : nextStallCheck, nextRelease, nextBegin]
                    .compactMap(\.self).min())
            for ready in readySockets {
                if ready.descriptor == wakeUp {
                    drainWakeUp()
                } else {
                    drive(ready.descriptor, ready.events)
                }
            }
            if poller.isTimerDue() {
                drive(-1, 0)
            }
            guard obeyInbox() else { break }
            endCompleted()
            endStalled()
            releaseHeld()
            beginWaiting()
        }
        shutDown()
    }

    /// Lets go on whoever has a turn now; each limiter gives turns in the order in which they were asked for.
    private func releaseHeld() {
        nextRelease = nil
        let now = ContinuousClock.now
        for transfer in transfers.values where transfer.heldSince != nil {
            if transfer.isReleased(now) {
                if let easy = transfer.easy { curl_easy_pause(easy.pointer, CURLPAUSE_CONT) }
            } else {
                let next = max(transfer.releasesAt(now), now + .milliseconds(1))
                nextRelease = min(nextRelease ?? next, next)
            }
        }
    }

    private func drive(_ descriptor: Int32, _ events: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, descriptor, events, &running)
    }

    private func drainWakeUp() {
        var count: eventfd_t = 0
        eventfd_read(wakeUp, &count)
    }

    /// False if it is time to end.
    private func obeyInbox() -> Bool {
        let (commands, isStopping) = inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return (inbox.commands, inbox.isStopping)
        }
        for command in commands {
            switch command {
            case .start(let transfer):
                // The cancellation may have come first.
                if transfer.isCancelled.load(ordering: .acquiring) {
                    transfer.finish(.cancelled)
                } else {
                    waiting.append(transfer)
                }
            case .cancel(let transfer):
                if let index = waiting.firstIndex(where: { $0 === transfer }) {
                    waiting.remove(at: index).finish(.cancelled)
                }
                end(transfer, .cancelled)
            case .resume(let transfer):
                if let easy = transfer.easy { curl_easy_pause(easy.pointer, CURLPAUSE_CONT) }
            }
        }
        return !isStopping
    }

    /// Begins what there is room for, in the order in which it was asked for.
    private func beginWaiting() {
        if let next = nextBegin, next > .now { return }
        nextBegin = nil
        guard !waiting.isEmpty, budget.admits(looksUp: false) else { return }
        let candidates = waiting
        waiting = []
        for transfer in candidates {
            // A failure to begin may have put it back, and ended the round.
            if nextBegin == nil, budget.admits(looksUp: transfer.looksUpName) {
                begin(transfer)
            } else {
                waiting.append(transfer)
            }
        }
    }

    private func begin(_ transfer: Transfer) {
        if transfer.isCancelled.load(ordering: .acquiring) { return transfer.finish(.cancelled) }
        let url = transfer.request.url
        guard EasyHandle.isSendable(transfer.request) else {
            return transfer.finish(.other(url: "", code: 0, text: "a line end in the URL or a header"))
        }
        guard let easy = idleHandles.popLast() ?? EasyHandle() else {
            return transfer.finish(.other(url: url, code: 0, text: "out of memory"))
        }
        budget.begin(looksUp: transfer.looksUpName)
        transfer.onLookup = transfer.looksUpName ? { [unowned self] in budget.endLookup() } : nil
        transfer.firstBegunAt = transfer.firstBegunAt ?? .now
        easy.prepare(transfer)
        transfer.easy = easy
        transfers[ObjectIdentifier(transfer)] = transfer
        nextStallCheck = min(nextStallCheck, .now + stallCheckInterval(transfer))
        curl_multi_add_handle(multi, easy.pointer)
    }

    private func end(_ transfer: Transfer, _ failure: HTTPTransportError?) {
        guard release(transfer) else { return }
        transfer.finish(failure)
    }

    /// Takes back what a transfer has of the loop; false: nothing.
    private func release(_ transfer: Transfer) -> Bool {
        guard transfers.removeValue(forKey: ObjectIdentifier(transfer)) != nil else { return false }
        transfer.lookedUp()
        budget.end()
        if let easy = transfer.easy {
            curl_multi_remove_handle(multi, easy.pointer)
            easy.reset()
            transfer.easy = nil
            if idleHandles.count < idleHandleLimit { idleHandles.append(easy) }
        }
        return true
    }

    /// Has a transfer wait again that found no descriptor, for as long as its connection may take; false: that is over.
    private func postpone(_ transfer: Transfer) -> Bool {
        let now = ContinuousClock.now
        guard let begun = transfer.firstBegunAt, now - begun < transfer.request.limits.connect,
            release(transfer)
        else { return false }
        transfer.shortage = nil
        waiting.insert(transfer, at: 0)
        nextBegin = now + .milliseconds(100)
        return true
    }

    private func endCompleted() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle else {
                continue
            }
            let code = amfleet_message_result(message)
            guard let transfer = EasyHandle.transfer(of: pointer) else { continue }
            let failure = HTTPTransportError(code, of: transfer)
            if case .shortage = failure, postpone(transfer) { continue }
            end(transfer, failure)
        }
    }

    private func endStalled() {
        let now = ContinuousClock.now
        guard now >= nextStallCheck else { return }
        nextStallCheck = now + .seconds(1)
        for transfer in transfers.values {
            guard let easy = transfer.easy else { continue }
            nextStallCheck = min(nextStallCheck, now + stallCheckInterval(transfer))
            let limit = transfer.request.limits.stall
            let isStalled = transfer.stallWatch.isStalled(
                byteCount: easy.movedByteCount,
                isExcused: !easy.isConnected || transfer.isPaused || transfer.heldSince != nil,
                now: now, limit: limit)
            if isStalled {
                end(transfer, .stalled(url: transfer.request.url, after: limit))
            } else if transfer.isOverdue(now) {
                end(transfer, .timedOut(url: transfer.request.url, text: "the time for the whole is over"))
            }
        }
    }

    private func stallCheckInterval(_ transfer: Transfer) -> Duration {
        min(.seconds(1), transfer.request.limits.stall / 4)
    }

    private func shutDown() {
        for transfer in transfers.values {
            end(transfer, .shutDown)
        }
        for transfer in waiting { transfer.finish(.shutDown) }
        waiting = []
        let enders = inbox.withLock { inbox in
            inbox.hasEnded = true
            defer { inbox.enders = [] }
            return inbox.enders
        }
        for ender in enders {
            ender.resume()
        }
    }
}

/// OpenSSL writes with `write(2)`: a peer that is gone must give EPIPE, not end the process.
private func runTransferLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    var brokenPipe = sigset_t()
    sigemptyset(&brokenPipe)
    sigaddset(&brokenPipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &brokenPipe, nil)
    Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
