// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A real TCP proxy on 127.0.0.1 that does to connections what networks and stores do.
///
/// In mode `.http` it reads each request on its way, so that a fault can strike the n-th of a kind; in mode
/// `.opaque` it passes bytes (TLS, event streams), and faults are `cutAll`, `setStalled`, `setRate` and `refuse`.
/// One thread a connection and direction.
public final class FaultyProxy: Sendable {
    /// What the proxy understands of what passes.
    public enum Mode: Sendable {
        case http
        case opaque
    }

    private struct State {
        var listener: LocalSocket?
        var rules: [ProxyRule] = []
        var storm: ProxyStorm?
        var struckCount = 0
        var requests: [String] = []
        var sockets: [ObjectIdentifier: LocalSocket] = [:]
        var connectionCount = 0
        var flipCount = 0
        var passedByteCount = 0
        var isStalled = false
        var bytesPerSecond: Int?
        var alert: (number: UInt8, connectionsLeft: Int)?
        var paidUntil = ContinuousClock.now
    }

    /// Where it listens; the same after `refuse` and `accept`.
    public let port: Int

    private let mode: Mode
    private let target: Int
    private let gate: PolicyGate?
    private let state = Mutex(State())

    /// `http://127.0.0.1:port`
    public var endpoint: String { "http://127.0.0.1:\(port)" }

    /// A proxy before the server on `target`.
    ///
    /// - Parameter gate: judges each request that no fault strikes; mode `.http` only.
    public init(to target: Int, mode: Mode = .http, gate: PolicyGate? = nil) throws {
        self.target = target
        self.mode = mode
        self.gate = gate
        port = FreePort.find()
        try accept()
    }

    deinit {
        refuse()
    }

    /// Lets a fault strike requests: those with `method` (nil: any) whose path and query contain `target`, after
    /// `skip` of them, each `every`-th, `times` in all; with `headers` only those that carry one of them. Rules are tried in the order in which they were made; one strikes a request.
    public func inject(
        _ fault: ProxyFault, method: String? = nil, target: String = "", headers: [String] = [],
        skip: Int = 0, times: Int = 1, every: Int = 1
    ) {
        state.withLock {
            $0.rules.append(
                ProxyRule(
                    fault: fault, method: method, target: target, headers: headers, skip: skip, times: times,
                    every: every))
        }
    }

    /// From now on faults strike requests at random; nil: none but those of the rules.
    public func setStorm(_ storm: ProxyStorm?) {
        state.withLock { $0.storm = storm }
    }

    /// How many requests rules or a storm have struck.
    public var struckCount: Int { state.withLock { $0.struckCount } }

    /// Takes every fault back.
    public func clear() {
        state.withLock {
            $0.rules = []
            $0.storm = nil
            $0.isStalled = false
            $0.bytesPerSecond = nil
            $0.alert = nil
        }
    }

    /// The next connections are answered with a fatal TLS alert to their first bytes, as a server does that has nothing
    /// to answer with; mode `.opaque` only. Those that stand go on.
    public func answerTLS(alert number: UInt8, connections: Int) {
        state.withLock { $0.alert = connections > 0 ? (number, connections) : nil }
    }

    /// How many connections are still to be answered so.
    public var alertsLeft: Int { state.withLock { $0.alert?.connectionsLeft ?? 0 } }

    private func nextAlert() -> UInt8? {
        state.withLock { state in
            guard let alert = state.alert else { return nil }
            state.alert = alert.connectionsLeft > 1 ? (alert.number, alert.connectionsLeft - 1) : nil
            return alert.number
        }
    }

    /// Waits for the client's end: closing earlier would reset the connection and overtake the alert.
    private func answer(_ client: LocalSocket, alert number: UInt8) {
        Thread.detachNewThread {
            guard !client.read(limit: 65_536).isEmpty else { return }
            client.write([0x15, 3, 3, 0, 2, 2, number])
            while !client.read(limit: 65_536).isEmpty {}
        }
    }

    /// `METHOD target` of every request so far; mode `.http` only.
    public var requests: [String] { state.withLock { $0.requests } }

    /// Connections so far.
    public var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// Answers with a turned bit so far.
    public var flipCount: Int { state.withLock { $0.flipCount } }

    /// Bytes passed on so far, in both directions.
    public var passedByteCount: Int { state.withLock { $0.passedByteCount } }

    /// From now on connections are refused, and those that stand are cut.
    public func refuse() {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        listener?.shut()
        cutAll()
    }

    /// Listens again after `refuse`.
    public func accept() throws {
        guard let listener = LocalSocket.listening(on: port) else { throw POSIXError(.EADDRINUSE) }
        state.withLock { $0.listener = listener }
        Thread.detachNewThread { [weak self] in
            while let client = listener.accepted() {
                guard let self, self.isListening(listener) else { return }
                self.serve(client)
            }
        }
    }

    /// Cuts every connection that stands.
    public func cutAll() {
        let sockets = state.withLock { state in
            defer { state.sockets = [:] }
            return Array(state.sockets.values)
        }
        for socket in sockets {
            socket.cut()
        }
    }

    /// While stalled nothing passes in either direction, and nothing is cut.
    public func setStalled(_ isStalled: Bool) {
        state.withLock { $0.isStalled = isStalled }
    }

    /// Limits the sum of all connections and directions; nil: no limit.
    public func setRate(bytesPerSecond: Int?) {
        state.withLock { $0.bytesPerSecond = bytesPerSecond }
    }

    private func isListening(_ listener: LocalSocket) -> Bool {
        state.withLock { $0.listener === listener }
    }

    private func serve(_ client: LocalSocket) {
        if mode == .opaque, let alert = nextAlert() { return answer(client, alert: alert) }
        guard let server = LocalSocket.connected(to: target) else { return client.shut() }
        state.withLock {
            $0.connectionCount += 1
            $0.sockets[ObjectIdentifier(client)] = client
            $0.sockets[ObjectIdentifier(server)] = server
        }
        switch mode {
        case .http:
            let connection = ProxyConnection(client: client, server: server, proxy: self)
            Thread.detachNewThread {
                connection.run()
                self.forget(client, server)
            }
        case .opaque:
            pump(from: client, to: server)
            pump(from: server, to: client)
        }
    }

    private func pump(from source: LocalSocket, to sink: LocalSocket) {
        Thread.detachNewThread {
            while true {
                let bytes = source.read(limit: 65_536)
                if bytes.isEmpty || !self.pass(bytes, to: sink) { break }
            }
            self.forget(source, sink)
        }
    }

    private func forget(_ sockets: LocalSocket...) {
        for socket in sockets {
            socket.shut()
            state.withLock { _ = $0.sockets.removeValue(forKey: ObjectIdentifier(socket)) }
        }
    }
}

// What connections ask of their proxy.
extension FaultyProxy {
    /// Whoever judges this request needs all of it.
    func readsBody(of head: ProxyHead) -> Bool { gate?.readsBody(of: head) == true }

    /// Notes a request and returns the fault that strikes it, or else the gate's verdict.
    func fault(for head: ProxyHead, body: [UInt8]) -> ProxyFault? {
        let fault = state.withLock { state -> ProxyFault? in
            state.requests.append("\(head.method) \(head.target)")
            for index in state.rules.indices where state.rules[index].strikes(head) {
                state.struckCount += 1
                return state.rules[index].fault
            }
            let fault = state.storm?.fault(for: head)
            if fault != nil { state.struckCount += 1 }
            return fault
        }
        return fault ?? gate?.verdict(on: head, body)
    }

    /// The byte to change in an answer of that many; nil: none. Counts it.
    func flippedByte(_ fault: ProxyFault?, of count: Int) -> Int? {
        guard count > 0 else { return nil }
        return state.withLock { state in
            switch fault {
            case .flipAnswer(let index) where index < count:
                state.flipCount += 1
                return index
            case .flipAnswerSomewhere:
                state.flipCount += 1
                let place = (Double(state.flipCount) * 0.618_033_988_749_895).truncatingRemainder(
                    dividingBy: 1)
                return min(count - 1, Int(place * Double(count)))
            default: return nil
            }
        }
    }

    /// Passes bytes on, at the set rate and not while stalled; false if the other side is gone.
    func pass(_ bytes: [UInt8], to sink: LocalSocket) -> Bool {
        while state.withLock({ $0.isStalled }) {
            Thread.sleep(forTimeInterval: 0.01)
            if !isOpen(sink) { return false }
        }
        let due = state.withLock { state -> ContinuousClock.Instant in
            state.passedByteCount += bytes.count
            guard let rate = state.bytesPerSecond else { return .now }
            state.paidUntil = max(state.paidUntil, .now) + .seconds(Double(bytes.count) / Double(rate))
            return state.paidUntil
        }
        let wait = due - .now
        if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
        return sink.write(bytes)
    }

    func isOpen(_ socket: LocalSocket) -> Bool {
        state.withLock { $0.sockets[ObjectIdentifier(socket)] != nil }
    }
}
