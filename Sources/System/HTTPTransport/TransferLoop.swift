// SPDX-License-Identifier: Apache-2.0

import CCurl
import Descriptors
import Glibc
import Synchronization

/// The thread that owns libcurl's multi handle; everybody else speaks to it through its letter box.
///
/// Ownership: everything but `inbox` belongs to the thread, from `init` until it ends.
final class TransferLoop: @unchecked Sendable {
    private let inbox: TransferInbox
    private let poller: SocketPoller
    private let multi: UnsafeMutableRawPointer
    private let idleHandleLimit: Int

    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var idleHandles: [EasyHandle] = []
    private var queue: TransferQueue
    private var identities = IdentityQueue()
    private var nextStallCheck = ContinuousClock.now
    /// When the first of those that wait for a turn under a cap may have it.
    private var nextRelease: ContinuousClock.Instant?

    init(connectionCount: Int, budget: ConnectionBudget) throws(HTTPTransportError) {
        _ = Self.library
        queue = TransferQueue(budget)
        guard let inbox = TransferInbox(), let poller = SocketPoller(), let multi = curl_multi_init() else {
            throw .shortage(url: "", number: DescriptorLimit.isReached ? EMFILE : ENOMEM)
        }
        self.inbox = inbox
        self.poller = poller
        self.multi = multi
        idleHandleLimit = min(connectionCount, 32)
        amfleet_multi_set_long(
            multi, CURLMOPT_MAXCONNECTS, max(1, min(connectionCount, budget.connectionLimit)))
        // Where another is needed, libcurl closes the one that has been idle for longest.
        amfleet_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, budget.connectionLimit)
        poller.attach(to: multi)
        poller.watch(inbox.descriptor)
        try startThread()
    }

    deinit {
        idleHandles = []
        curl_multi_cleanup(multi)
    }

    private static let library: CURLcode = curl_global_init(Int(CURL_GLOBAL_ALL))
}

// From any thread.
extension TransferLoop {
    func start(_ transfer: Transfer) {
        guard inbox.post(.start(transfer)) else { return transfer.finish(.shutDown) }
    }

    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        inbox.post(.cancel(transfer))
    }

    func resume(_ transfer: Transfer) {
        inbox.post(.resume(transfer))
    }

    func stop() {
        inbox.stop()
    }

    func stopAndWait() async {
        inbox.stop()
        await inbox.end()
    }
}

// On the thread.
extension TransferLoop {
    private func startThread() throws(HTTPTransportError) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        guard pthread_create(&thread, nil, runTransferLoop, context.toOpaque()) == 0 else {
            context.release()
            throw .shortage(url: "", number: EAGAIN)
        }
        pthread_detach(thread)
    }

    fileprivate func run() {
        while true {
            let readySockets = poller.wait(
                until: [
                    transfers.isEmpty ? nil : nextStallCheck, nextRelease, queue.nextBegin, queue.nextLook,
                    identities.deadline,
                ]
                .compactMap(\.self).min())
            for ready in readySockets {
                if ready.descriptor == inbox.descriptor {
                    inbox.drain()
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
            endSilentLooks()
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

    /// False if it is time to end.
    private func obeyInbox() -> Bool {
        let (commands, isStopping) = inbox.take()
        for command in commands {
            switch command {
            case .start(let transfer):
                // The cancellation may have come first.
                if transfer.isCancelled.load(ordering: .acquiring) {
                    transfer.finish(.cancelled)
                } else if let identity = transfer.request.identity {
                    begin(identities.add(transfer, IdentityPaths(identity)))
                } else {
                    queue.add(transfer)
                }
            case .looked(let look, let reading):
                let (ready, next) = identities.end(look, reading)
                for transfer in ready { queue.add(transfer) }
                begin(next)
            case .cancel(let transfer):
                if identities.remove(transfer) || queue.remove(transfer) { transfer.finish(.cancelled) }
                end(transfer, .cancelled)
            case .resume(let transfer):
                if let easy = transfer.easy { curl_easy_pause(easy.pointer, CURLPAUSE_CONT) }
            }
        }
        return !isStopping
    }

    /// A thread that comes back after this one's end finds nobody.
    private func begin(_ look: IdentityLook?) {
        guard let look else { return }
        look.begin { [inbox] reading in inbox.post(.looked(look, reading)) }
    }

    private func endSilentLooks() {
        let (ready, failed) = identities.overdue()
        for transfer in ready { queue.add(transfer) }
        for (transfer, failure) in failed { transfer.finish(failure) }
    }

    /// Begins what there is room for.
    private func beginWaiting() {
        while let transfer = queue.next() {
            guard let easy = handle(for: transfer) else {
                queue.end(transfer, keepsConnection: false)
                continue
            }
            transfer.onLookup = transfer.looksUpName ? { [unowned self] in queue.endLookup() } : nil
            transfer.onConnection = { [unowned self, unowned transfer] in queue.connected(transfer) }
            transfer.firstBegunAt = transfer.firstBegunAt ?? .now
            easy.prepare(transfer)
            transfer.easy = easy
            transfers[ObjectIdentifier(transfer)] = transfer
            nextStallCheck = min(nextStallCheck, .now + stallCheckInterval(transfer))
            curl_multi_add_handle(multi, easy.pointer)
        }
    }

    /// nil: the transfer cannot begin, and has been told.
    private func handle(for transfer: Transfer) -> EasyHandle? {
        let failure: HTTPTransportError
        if transfer.isCancelled.load(ordering: .acquiring) {
            failure = .cancelled
        } else if !EasyHandle.isSendable(transfer.request) {
            failure = .other(url: "", code: 0, text: "a line end in the URL or a header")
        } else if let easy = idleHandles.popLast() ?? EasyHandle() {
            return easy
        } else {
            failure = .other(url: transfer.request.url, code: 0, text: "out of memory")
        }
        if transfer.looksUpName { queue.endLookup() }
        transfer.finish(failure)
        return nil
    }

    private func end(_ transfer: Transfer, _ failure: HTTPTransportError?) {
        guard release(transfer, keepsConnection: failure == nil) else { return }
        transfer.identityContext = nil
        transfer.finish(failure)
    }

    /// Takes back what a transfer has of the loop; false: nothing.
    private func release(_ transfer: Transfer, keepsConnection: Bool) -> Bool {
        guard transfers.removeValue(forKey: ObjectIdentifier(transfer)) != nil else { return false }
        transfer.lookedUp()
        transfer.onConnection = nil
        queue.end(transfer, keepsConnection: keepsConnection)
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
            release(transfer, keepsConnection: false)
        else { return false }
        transfer.shortage = nil
        queue.postpone(transfer, until: now + .milliseconds(100))
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
        for transfer in queue.removeAll() + identities.removeAll() { transfer.finish(.shutDown) }
        inbox.tellEnd()
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
