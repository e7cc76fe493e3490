// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CCurl
import Glibc
import Synchronization

/// One request on its way.
///
/// Ownership: made by the task that sends it and given to the loop by `TransferLoop.start`; from then on only the
/// loop's thread touches it, in libcurl's callbacks too. Only `isCancelled` may be set from anywhere.
final class Transfer: @unchecked Sendable {
    /// What happens with the body of a successful answer.
    enum Mode {
        case whole
        case stream(StreamBuffer)
    }

    let request: HTTPRequest
    let mode: Mode
    /// Whether the host that it connects to is a name.
    let looksUpName: Bool
    let isCancelled = Atomic<Bool>(false)

    /// What is known of the answer so far.
    private(set) var head = HTTPResponseHead()
    /// The line that ends the answer's head has come: libcurl takes a head that was cut for a whole one.
    private(set) var hasWholeHead = false
    private(set) var receivedByteCount = 0
    private var collected: [UInt8] = []
    private var sentByteCount = 0
    private var headByteCount = 0

    /// Why a callback made libcurl stop; more exact than libcurl's own code.
    var failure: HTTPTransportError?
    var stallWatch = StallWatch()
    var easy: EasyHandle?
    /// What its connection shows and believes, read already; nil: libcurl reads the files.
    var identityContext: IdentityContext?
    /// When it was asked for.
    var queuedAt = ContinuousClock.now
    /// Why the kernel gave no socket (`errno`); nil: it did.
    var shortage: Int32?
    /// Of the connection that is being made; nil: none was begun. libcurl closes it.
    var socketNumber: Int32?
    /// When it was first tried.
    var firstBegunAt: ContinuousClock.Instant?
    /// Called once, when the look-up of the host's name is over; nil: it is, or there is none.
    var onLookup: (() -> Void)?
    /// Called once, when its connection stands; nil: it does, or it is one that stood before.
    var onConnection: (() -> Void)?
    /// Since when the transfer waits for its turn; nil: it does not.
    private(set) var heldSince: ContinuousClock.Instant?
    private var heldDuration = Duration.zero
    private var sendPace: TransferPace
    private(set) var receivePace: TransferPace
    private var end: ((Result<HTTPResponse, HTTPTransportError>) -> Void)?

    init(_ request: HTTPRequest, mode: Mode) {
        self.request = request
        self.mode = mode
        looksUpName = request.looksUpName
        sendPace = TransferPace(request.sendLimiters)
        receivePace = TransferPace(request.receiveLimiters)
    }

    /// Sets what is called once, on the loop's thread, when the request has ended either way. Before `start`.
    func onEnd(_ action: @escaping (Result<HTTPResponse, HTTPTransportError>) -> Void) {
        end = action
    }

    func lookedUp() {
        onLookup.take()?()
    }

    /// Somebody has accepted its connection, whatever of TLS is still to come. libcurl tells the time of that when TLS is done.
    var isReached: Bool {
        guard let socketNumber, socketNumber >= 0 else { return false }
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(socketNumber, $0, &length) == 0
            }
        }
    }

    func connected() {
        onConnection.take()?()
    }

    func finish(_ failure: HTTPTransportError?) {
        let end = self.end
        self.end = nil
        sendPace.end(identity)
        receivePace.end(identity)
        if let failure {
            end?(.failure(failure))
        } else {
            end?(.success(HTTPResponse(head: head, body: collected, bodyByteCount: receivedByteCount)))
        }
    }

    /// The reader of the stream has not kept up, and the server is being held.
    var isPaused: Bool {
        if case .stream(let buffer) = mode { buffer.isPaused } else { false }
    }

    private var isSuccess: Bool { (200..<300).contains(head.status) }

    private var identity: ObjectIdentifier { ObjectIdentifier(self) }
}

// Called from libcurl's callbacks, on the loop's thread.
extension Transfer {
    /// Copies the next bytes of the request's body into libcurl's buffer; nil: held, a cap is reached.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard sentByteCount < request.body.byteCount else { return 0 }
        guard let turn = sendPace.turnByteCount else { return copyBody(into: buffer) }
        guard sendPace.mayMove(identity) else {
            heldSince = .now
            return nil
        }
        let byteCount = copyBody(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(turn, buffer.count)]))
        sendPace.moved(byteCount)
        return byteCount
    }

    private func copyBody(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch request.body {
        case .empty:
            return 0
        case .bytes(let bytes):
            return bytes.withUnsafeBytes { copy($0, into: buffer) }
        case .block(let block):
            return copy(block.bytes, into: buffer)
        }
    }

    private func copy(_ source: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let byteCount = min(buffer.count, source.count - sentByteCount)
        guard byteCount > 0 else { return 0 }
        buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[sentByteCount..<sentByteCount + byteCount]))
        sentByteCount += byteCount
        return byteCount
    }

    /// Goes back to `offset` of the request's body: the connection that was to be reused is dead.
    func seek(to offset: Int) -> Bool {
        guard (0...request.body.byteCount).contains(offset) else { return false }
        sentByteCount = offset
        return true
    }

    /// Takes one header line; false ends the transfer.
    func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        headByteCount += line.count
        guard headByteCount <= Self.headLimit else {
            failure = .tooLong(url: request.url, limit: Self.headLimit)
            return false
        }
        head.take(line: String(decoding: line, as: UTF8.self))
        let endsHead = line.first == 0x0D || line.first == 0x0A
        if endsHead, head.status >= 200 {
            hasWholeHead = true
            beginBody()
        }
        return true
    }

    private func beginBody() {
        switch mode {
        case .stream(let buffer):
            buffer.begin(head)
        case .whole:
            if isSuccess, case .block(let block) = request.sink { block.count = 0 }
        }
    }

    /// What to tell libcurl about a piece of the answer's body.
    enum Reception {
        case taken
        case pause
        case stop
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Reception {
        switch mode {
        case .stream(let buffer):
            guard buffer.put(bytes) else { return .pause }
            receivedByteCount += bytes.count
            return .taken
        case .whole:
            if receivePace.turnByteCount != nil {
                guard receivePace.mayMove(identity) else {
                    heldSince = .now
                    return .pause
                }
                receivePace.moved(bytes.count)
            }
            receivedByteCount += bytes.count
            return isSuccess ? deliver(bytes) : keepForMessage(bytes)
        }
    }

    private func deliver(_ bytes: UnsafeRawBufferPointer) -> Reception {
        let limit: Int
        switch request.sink {
        case .block(let block):
            limit = block.capacity
            if block.append(bytes) == bytes.count { return .taken }
        case .collect(let byteLimit):
            limit = byteLimit
            if collected.count + bytes.count <= byteLimit {
                collected.append(contentsOf: bytes)
                return .taken
            }
        }
        failure = .tooLong(url: request.url, limit: limit)
        return .stop
    }

    /// Keeps the beginning of an error's body; the rest is read and dropped.
    private func keepForMessage(_ bytes: UnsafeRawBufferPointer) -> Reception {
        collected.append(contentsOf: bytes.prefix(max(0, Self.messageLimit - collected.count)))
        return .taken
    }

    private static let headLimit = 256 << 10
    private static let messageLimit = 64 << 10
}

// Waiting for a turn under a cap, on the loop's thread.
extension Transfer {
    /// True once the transfer may go on; it is then held no longer.
    func isReleased(_ now: ContinuousClock.Instant) -> Bool {
        guard let since = heldSince, sendPace.isReleased(identity, now), receivePace.isReleased(identity, now)
        else {
            return false
        }
        heldDuration += now - since
        heldSince = nil
        return true
    }

    /// When to ask again.
    func releasesAt(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        max(sendPace.opensAt(now), receivePace.opensAt(now))
    }

    /// Whether a transfer whose total libcurl does not watch has taken too long.
    func isOverdue(_ now: ContinuousClock.Instant) -> Bool {
        guard request.isPaced, heldSince == nil, let total = request.limits.total, let firstBegunAt
        else { return false }
        return now - firstBegunAt - heldDuration > total
    }
}
