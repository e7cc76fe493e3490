// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TLS

@Suite struct TLSHandlerStateTests {
    /// Everything that can happen to a connection, from either side.
    enum Event: CaseIterable {
        case active, handshakeFinished, handshakeFailed, streamFailed, closeNotify, fin, closeOutput, closeAll
        case written, notWritten, full, drained, timer, inactive
    }

    @Test func `keeps its promises in every order of events, however long`() {
        var reached: Set<Walk> = [Walk()]
        var unexplored = [Walk()]
        while let walk = unexplored.popLast() {
            for event in Event.allCases {
                var next = walk
                next.take(event)
                if let violation = next.violation {
                    Issue.record("\(next.events): \(violation)")
                } else if reached.insert(next).inserted {
                    unexplored.append(next)
                }
            }
        }
        #expect(reached.count > 20)
    }

    @Test func `lives an ordinary life`() {
        var state = TLSHandlerState()
        #expect(state.channelActive() == [.startTimer(.handshake)])
        #expect(state.inputUse == .handshake)
        #expect(state.handshakeFinished() == [.cancelTimer, .sendQueue])
        #expect(state.inputUse == .decrypt)
        #expect(state.closeNotifyArrived() == [.announceEndOfInput])
        #expect(state.inputUse == .discard)
        #expect(
            state.closeRequested(isWhole: false) == [
                .startTimer(.lastBytes), .sendQueue, .failQueue, .sendLastBytes, .read,
            ])
        #expect(state.lastBytesWritten(isSuccess: true) == [.startTimer(.linger), .closeOutput, .read])
        #expect(state.finArrived() == [.cancelTimer, .failQueue, .close])
        #expect(state.channelInactive() == [])
    }

    @Test func `closes after the handshake when its output was closed before`() {
        var state = TLSHandlerState()
        _ = state.channelActive()
        #expect(state.closeRequested(isWhole: false) == [])
        #expect(state.handshakeFinished().contains(.sendLastBytes))
        #expect(state.phase == .finishing)
    }

    @Test func `lingers after a refused handshake so that the alert arrives`() {
        var state = TLSHandlerState()
        _ = state.channelActive()
        let steps = state.handshakeFailed(reason: "x")
        #expect(steps.first == .report(.handshake(reason: "x")))
        #expect(steps.contains(.sendLastBytes) && !steps.contains(.close))
        #expect(state.lastBytesWritten(isSuccess: true).contains(.closeOutput))
        #expect(state.timerFired().contains(.close))
    }

    @Test func `closes wholly when the peer's FIN came before our last bytes were written`() {
        var state = TLSHandlerState()
        _ = state.channelActive()
        _ = state.handshakeFinished()
        _ = state.closeRequested(isWhole: true)
        #expect(state.finArrived() == [])
        #expect(state.lastBytesWritten(isSuccess: true) == [.cancelTimer, .failQueue, .close])
    }

    @Test(arguments: [true, false])
    func `never takes a FIN without close_notify for the end of the input`(isFINFirst: Bool) {
        var state = TLSHandlerState()
        _ = state.channelActive()
        _ = state.handshakeFinished()
        let steps = isFINFirst ? state.finArrived() : state.channelInactive()
        #expect(steps.contains(.announceFailure(.truncated)))
    }
}

/// A sequence of events, and what the handlers above and the socket below have seen of it.
///
/// Two walks are equal when they have led to the same, so that finitely many stand for all.
struct Walk: Hashable {
    private(set) var events: [TLSHandlerStateTests.Event] = []
    private(set) var violation: String?
    private var state = TLSHandlerState()
    private var endsAnnounced = 0
    private var failuresAnnounced = 0
    private var closes = 0
    private var goodbyes = 0
    private var hasTimer = false

    static func == (one: Walk, other: Walk) -> Bool {
        one.state == other.state && one.counts == other.counts && one.hasTimer == other.hasTimer
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(state)
        hasher.combine(counts)
        hasher.combine(hasTimer)
    }

    private var counts: [Int] { [endsAnnounced, failuresAnnounced, closes, goodbyes] }

    mutating func take(_ event: TLSHandlerStateTests.Event) {
        events.append(event)
        let before = state
        let steps = apply(event)
        for step in steps {
            count(step)
        }
        check(before, steps, event)
    }

    private mutating func apply(_ event: TLSHandlerStateTests.Event) -> [TLSHandlerState.Step] {
        switch event {
        case .active: state.channelActive()
        case .handshakeFinished: state.handshakeFinished()
        case .handshakeFailed: state.handshakeFailed(reason: "")
        case .streamFailed: state.streamFailed(reason: "")
        case .closeNotify: state.closeNotifyArrived()
        case .fin: state.finArrived()
        case .closeOutput: state.closeRequested(isWhole: false)
        case .closeAll: state.closeRequested(isWhole: true)
        case .written: state.lastBytesWritten(isSuccess: true)
        case .notWritten: state.lastBytesWritten(isSuccess: false)
        case .full: state.writabilityChanged(isWritable: false)
        case .drained: state.writabilityChanged(isWritable: true)
        case .timer: fireTimer()
        case .inactive: state.channelInactive()
        }
    }

    private mutating func fireTimer() -> [TLSHandlerState.Step] {
        hasTimer = false
        return state.timerFired()
    }

    private mutating func count(_ step: TLSHandlerState.Step) {
        switch step {
        case .startTimer: hasTimer = true
        case .cancelTimer: hasTimer = false
        case .announceEndOfInput: endsAnnounced += 1
        case .announceFailure: failuresAnnounced += 1
        case .close: closes += 1
        case .sendLastBytes: goodbyes += 1
        case .report, .sendQueue, .failQueue, .closeOutput, .read: break
        }
    }

    private mutating func check(
        _ before: TLSHandlerState, _ steps: [TLSHandlerState.Step], _ event: TLSHandlerStateTests.Event
    ) {
        let isTimed = state.phase == .handshaking || state.phase == .finishing || state.phase == .lingering
        let hasTimerFired = event == .timer
        let promises: [(Bool, String)] = [
            (endsAnnounced <= 1, "the end of input was announced twice"),
            (failuresAnnounced <= 1, "two failures were announced"),
            (closes <= 1, "closed twice"),
            (goodbyes <= 1, "said goodbye twice"),
            (before.phase != .closed || steps.isEmpty, "did something after the end"),
            (before.phase != .closed || state.phase == .closed, "came back to life"),
            (!isTimed || hasTimer || hasTimerFired, "waits without a timer"),
            (state.phase != .closed || !hasTimer, "leaves a timer behind"),
            (state.inputUse != .decrypt || endsAnnounced == 0, "decrypts after the end of input"),
            (state.inputUse != .decrypt || state.phase == .open, "decrypts outside of open"),
            (
                !steps.contains(.closeOutput) || event == .written,
                "closes its output before the last bytes are written"
            ),
            (
                !steps.contains(.close) || before.phase != .open || event == .timer,
                "cuts an open connection off"
            ),
            (
                state.phase != .closed || state.acceptsWrites == false,
                "takes writes after the end"
            ),
            (
                !(steps.contains(.announceEndOfInput) && event == .fin)
                    || steps.contains(.announceFailure(.truncated)), "takes a FIN for a whole input"
            ),
        ]
        violation = promises.first { !$0.0 }?.1
    }
}
