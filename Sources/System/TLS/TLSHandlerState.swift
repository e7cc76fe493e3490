// SPDX-License-Identifier: Apache-2.0

/// The life of one TLS connection, without its bytes: events go in, what to do comes out.
///
/// `idle` → `handshaking` → `open` → `finishing` (our last bytes are on their way) → `lingering` (our FIN is out, the
/// peer's is awaited) → `closed`. Each event is valid in every phase. The phase changes before the steps are
/// returned, so a step that leads to another event in the midst of the list finds the new phase.
struct TLSHandlerState: Hashable {
    enum Phase: Hashable {
        case idle, handshaking, open, finishing, lingering, closed
    }

    enum Timer: Hashable {
        case handshake, stalledPeer, lastBytes, linger
    }

    enum Failure: Hashable {
        case handshake(reason: String)
        case broken(reason: String)
        case truncated
        case stalled
        case unwelcome(reason: String)
    }

    enum Step: Hashable {
        /// Starts a timer in place of the one that runs.
        case startTimer(Timer)
        case cancelTimer
        case report(Failure)
        /// Tells the handlers above of an error, which ends their input.
        case announceFailure(Failure)
        /// Tells the handlers above that the input has ended.
        case announceEndOfInput
        /// Encrypts and sends what was flushed.
        case sendQueue
        case failQueue
        /// Sends libssl's close_notify, or the alert it has made, and says when it has reached the kernel.
        case sendLastBytes
        case closeOutput
        case close
        case read
    }

    enum InputUse: Hashable {
        case handshake, decrypt, discard
    }

    private(set) var phase = Phase.idle

    /// Whether the handlers above were told that no more input comes.
    private(set) var isInputClosed = false
    private var hasPeerSentFIN = false
    private var closesAfterHandshake = false

    /// Where bytes that arrive now belong.
    var inputUse: InputUse {
        switch phase {
        case .handshaking: .handshake
        case .open where !isInputClosed: .decrypt
        case .idle, .open, .finishing, .lingering, .closed: .discard
        }
    }

    /// Whether a write may still be queued.
    var acceptsWrites: Bool { phase == .idle || phase == .handshaking || phase == .open }

    /// Whether the queue may be sent.
    var isOpen: Bool { phase == .open }

    mutating func channelActive() -> [Step] {
        guard phase == .idle else { return [] }
        phase = .handshaking
        return [.startTimer(.handshake)]
    }

    mutating func handshakeFinished() -> [Step] {
        guard phase == .handshaking else { return [] }
        phase = .open
        return closesAfterHandshake ? finish() : [.cancelTimer, .sendQueue]
    }

    mutating func handshakeFailed(reason: String) -> [Step] {
        guard phase == .handshaking else { return [] }
        let failure = Failure.handshake(reason: reason)
        phase = .finishing
        isInputClosed = true
        return [
            .report(failure), .startTimer(.lastBytes), .failQueue, .sendLastBytes, .announceFailure(failure),
            .read,
        ]
    }

    /// libssl refused the peer's bytes or ours. Its alert, if it made one, is the last thing that we send.
    mutating func streamFailed(reason: String) -> [Step] {
        guard phase == .open else { return [] }
        let failure = Failure.broken(reason: reason)
        phase = .finishing
        var steps: [Step] = [.report(failure), .startTimer(.lastBytes), .failQueue, .sendLastBytes]
        if !isInputClosed {
            isInputClosed = true
            steps += [.announceFailure(failure), .announceEndOfInput]
        }
        return steps + [.read]
    }

    /// The peer has sent all it wants to. It may still read.
    mutating func closeNotifyArrived() -> [Step] {
        guard phase == .open, !isInputClosed else { return [] }
        isInputClosed = true
        return [.announceEndOfInput]
    }

    /// The peer's FIN.
    mutating func finArrived() -> [Step] {
        hasPeerSentFIN = true
        switch phase {
        case .idle:
            return end()
        case .handshaking:
            return [.report(.handshake(reason: "the peer closed the connection"))] + end()
        case .open where !isInputClosed:
            isInputClosed = true
            return [.report(.truncated), .announceFailure(.truncated), .announceEndOfInput]
        case .lingering:
            return end()
        case .open, .finishing, .closed:
            return []
        }
    }

    /// Somebody above has nothing more to send: our output ends, and the connection when the peer has seen that.
    mutating func closeRequested(isWhole: Bool) -> [Step] {
        switch phase {
        case .idle:
            return end()
        case .handshaking:
            guard isWhole else {
                closesAfterHandshake = true
                return []
            }
            return end()
        case .open:
            return finish()
        case .finishing, .lingering, .closed:
            return []
        }
    }

    /// Our last bytes have reached the kernel, or cannot any more. NIO drops what is not yet written when it closes,
    /// and closes wholly when it is to close only the output after the peer's FIN, so neither came earlier.
    mutating func lastBytesWritten(isSuccess: Bool) -> [Step] {
        guard phase == .finishing else { return [] }
        guard isSuccess, !hasPeerSentFIN else { return end() }
        phase = .lingering
        return [.startTimer(.linger), .closeOutput, .read]
    }

    /// There is no room for the connection.
    mutating func evicted() -> [Step] {
        phase == .closed ? [] : end()
    }

    mutating func writabilityChanged(isWritable: Bool) -> [Step] {
        guard phase == .open else { return [] }
        return [isWritable ? .cancelTimer : .startTimer(.stalledPeer)]
    }

    mutating func timerFired() -> [Step] {
        switch phase {
        case .idle, .closed:
            return []
        case .handshaking:
            return [.report(.handshake(reason: "the peer took too long"))] + end()
        case .open:
            let isInputOpen = !isInputClosed
            isInputClosed = true
            return [.report(.stalled)] + end() + (isInputOpen ? [.announceFailure(.stalled)] : [])
        case .finishing, .lingering:
            return end()
        }
    }

    /// The peer's certificate holds no longer: whatever the connection carries, either way, ends here.
    mutating func peerBecameUnwelcome(reason: String) -> [Step] {
        let failure = Failure.unwelcome(reason: reason)
        switch phase {
        case .idle, .handshaking, .closed:
            return []
        case .open:
            let isInputOpen = !isInputClosed
            isInputClosed = true
            return [.report(failure)] + end() + (isInputOpen ? [.announceFailure(failure)] : [])
        case .finishing, .lingering:
            return [.report(failure)] + end()
        }
    }

    mutating func channelInactive() -> [Step] {
        let phaseBefore = phase
        let isInputOpen = !isInputClosed
        phase = .closed
        isInputClosed = true
        switch phaseBefore {
        case .closed:
            return []
        case .handshaking:
            return [.report(.handshake(reason: "the peer closed the connection")), .cancelTimer, .failQueue]
        case .open where isInputOpen:
            return [.report(.truncated), .cancelTimer, .failQueue, .announceFailure(.truncated)]
        case .idle, .open, .finishing, .lingering:
            return [.cancelTimer, .failQueue]
        }
    }

    /// What follows the end of a burst of input: whether the handlers above are told (they were given something), and
    /// whether we must ask for more ourselves, since nobody above does while they get nothing.
    func readCompleted(hasFired: Bool, isAutomatic: Bool) -> (tellsAbove: Bool, reads: Bool) {
        switch phase {
        case .handshaking, .finishing, .lingering: (hasFired, true)
        case .open: (hasFired, !hasFired && !isAutomatic)
        case .idle, .closed: (hasFired, false)
        }
    }

    /// From `open`: send what is there, say goodbye, wait for both to be written. Reading goes on, into the void.
    private mutating func finish() -> [Step] {
        phase = .finishing
        isInputClosed = true
        return [.startTimer(.lastBytes), .sendQueue, .failQueue, .sendLastBytes, .read]
    }

    private mutating func end() -> [Step] {
        phase = .closed
        return [.cancelTimer, .failQueue, .close]
    }
}
