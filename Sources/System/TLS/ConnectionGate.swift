// SPDX-License-Identifier: Apache-2.0

public import HummingbirdCore
import NIOCore
import Synchronization

/// The connections of one server: who may stay, and who is told to go (`ConnectionRoll`).
final class ConnectionGate: Sendable {
    /// Why one goes, for the log.
    enum Reason: String {
        case unproved = "too many connections have not proved who they are: the oldest one goes"
        case idle = "too many connections are open: one that is idle goes"
        case unused = "nothing was asked for too long: the connection goes"
    }

    /// Ends a connection; may be called from any thread.
    typealias Close = @Sendable (Reason) -> Void

    fileprivate struct State {
        var roll: ConnectionRoll
        var isProved: Set<Int> = []
        var closes: [Int: Close] = [:]
        var numbers: [ObjectIdentifier: Int] = [:]
    }

    let limits: ConnectionLimits
    /// How long a connection that has proved who it is may have no request under way: the beginning of one is none.
    let idle: Duration
    private let state: Mutex<State>

    init(_ limits: ConnectionLimits, idle: Duration) {
        self.limits = limits
        self.idle = idle
        state = Mutex(State(roll: ConnectionRoll(limits)))
    }

    /// A connection has come; returns its number.
    func arrived(_ channel: any Channel, from host: String, close: @escaping Close) -> Int {
        let (number, closes) = state.withLock { state in
            let (number, leaving) = state.roll.arrived(from: host)
            state.closes[number] = close
            state.numbers[ObjectIdentifier(channel)] = number
            return (number, state.take(leaving))
        }
        for (close, reason) in closes { close(reason) }
        return number
    }

    /// It has proved to be `peer`; false: that one has too many.
    func proved(_ number: Int, _ channel: any Channel, as peer: String) -> Bool {
        let closes: [(Close, Reason)]? = state.withLock { state in
            guard let leaving = state.roll.proved(number, as: peer) else { return nil }
            state.isProved.insert(number)
            return state.take(leaving)
        }
        guard let closes else { return false }
        for (close, reason) in closes { close(reason) }
        watch(number, channel)
        return true
    }

    /// A request is being answered on the connection.
    func began(_ channel: any Channel) {
        state.withLock { state in
            if let number = state.numbers[ObjectIdentifier(channel)] { state.roll.began(number) }
        }
    }

    /// The answer is complete, or has failed.
    func ended(_ channel: any Channel) {
        let number = state.withLock { state -> Int? in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return nil }
            _ = state.roll.ended(number)
            return number
        }
        if let number { watch(number, channel) }
    }

    func left(_ number: Int, _ channel: any Channel) {
        state.withLock { state in
            state.roll.left(number)
            state.closes[number] = nil
            state.isProved.remove(number)
            state.numbers[ObjectIdentifier(channel)] = nil
        }
    }

    /// Ends the connection when it is still idle, since now, once its time is over.
    private func watch(_ number: Int, _ channel: any Channel) {
        guard let since = state.withLock({ $0.roll.idleSince(number) }) else { return }
        channel.eventLoop.scheduleTask(in: TimeAmount(idle)) { [weak self] in
            let close = self?.state.withLock { $0.roll.idleSince(number) == since ? $0.closes[number] : nil }
            close?(.unused)
        }
    }
}

extension ConnectionGate.State {
    fileprivate mutating func take(_ leaving: [Int]) -> [(ConnectionGate.Close, ConnectionGate.Reason)] {
        leaving.compactMap { number in
            let reason: ConnectionGate.Reason = isProved.contains(number) ? .idle : .unproved
            return closes.removeValue(forKey: number).map { ($0, reason) }
        }
    }
}

/// Connections that were accepted are counted until they are closed: beyond that many the kernel keeps who comes.
public struct AcceptedConnections: AvailableConnectionsDelegate {
    private let limit: Int
    private var count = 0

    /// As many as `limits` allow.
    public init(_ limits: ConnectionLimits) {
        limit = limits.accepted
    }

    /// One was accepted.
    public mutating func connectionOpened() { count += 1 }

    /// One was closed.
    public mutating func connectionClosed() { count -= 1 }

    /// Whether there is room for another.
    public func isAcceptingNewConnections() -> Bool { count < limit }
}
