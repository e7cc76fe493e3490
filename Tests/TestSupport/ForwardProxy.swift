// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A real HTTP proxy on 127.0.0.1, as companies have them: it passes requests with a whole URL on and makes tunnels
/// (CONNECT), to hosts that nobody but it can find.
public final class ForwardProxy: Sendable {
    private struct State {
        var requests: [String] = []
        var refusal: String?
        var listener: LocalSocket
    }

    /// Where it listens.
    public let port: Int

    private let hosts: [String: Int]
    private let login: String?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - hosts: which port of 127.0.0.1 is meant by `host:port`; what is not named is refused with 502.
    ///   - login: `user:password` that it asks for; nil: nothing.
    public init(_ hosts: [String: Int], login: String? = nil) throws {
        guard let listener = LocalSocket.listening(on: 0) else { throw POSIXError(.EADDRINUSE) }
        self.hosts = hosts
        self.login = login
        port = listener.port
        state = Mutex(State(listener: listener))
        Thread.detachNewThread { [weak self] in
            while let client = listener.accepted() {
                guard let self else { return }
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    deinit {
        stop()
    }

    /// `http://127.0.0.1:port`
    public var url: String { "http://127.0.0.1:\(port)" }

    /// The first words of everything asked so far: `CONNECT host:port`, `PUT http://host:port/path`.
    public var requests: [String] { state.withLock { $0.requests } }

    /// From now on every request is answered with this status, and nothing passes; nil: as before.
    public func refuse(with status: Int?, body: String = "") {
        state.withLock { $0.refusal = status.map { Self.answer($0, body) } }
    }

    /// Nobody listens any more.
    public func stop() {
        state.withLock { $0.listener }.shut()
    }

    private func serve(_ client: LocalSocket) {
        defer { client.shut() }
        guard let (head, rest) = Self.head(of: client) else { return }
        let refusal = state.withLock { state in
            state.requests.append("\(head.method) \(head.target)")
            return state.refusal
        }
        if let refusal { return client.end(Array(refusal.utf8)) }
        guard mayPass(head) else {
            return client.end(Array(Self.answer(407, "", ["Proxy-Authenticate: Basic realm=\"test\""]).utf8))
        }
        guard let server = hosts[head.authority].flatMap({ LocalSocket.connected(to: $0) }) else {
            return client.end(Array(Self.answer(502, "no such host").utf8))
        }
        defer { server.shut() }
        if head.method == "CONNECT" {
            client.write(Array("HTTP/1.1 200 Connection established\r\nX-Of: the proxy\r\n\r\n".utf8))
        } else {
            server.write(head.forOrigin)
        }
        server.write(rest)
        Thread.detachNewThread {
            Self.pump(from: client, to: server)
            server.shut()
        }
        Self.pump(from: server, to: client)
    }

    private func mayPass(_ head: ForwardedHead) -> Bool {
        guard let login else { return true }
        return head.lines.contains("Proxy-Authorization: Basic \(Data(login.utf8).base64EncodedString())")
    }

    private static func pump(from source: LocalSocket, to sink: LocalSocket) {
        while case let bytes = source.read(limit: 65_536), !bytes.isEmpty, sink.write(bytes) {}
    }

    private static func head(of client: LocalSocket) -> (ForwardedHead, rest: [UInt8])? {
        var bytes: [UInt8] = []
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound {
                return (ForwardedHead(String(decoding: bytes[..<end], as: UTF8.self)), Array(bytes[end...]))
            }
            let more = client.read(limit: 65_536)
            if more.isEmpty { return nil }
            bytes += more
        }
    }

    private static func answer(_ status: Int, _ body: String, _ headers: [String] = []) -> String {
        let lines =
            ["HTTP/1.1 \(status) Proxy", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }
}

/// What a proxy reads of a request.
private struct ForwardedHead {
    let lines: [String]

    init(_ text: String) {
        lines = text.components(separatedBy: "\r\n").filter { !$0.isEmpty }
    }

    private var words: [String] { (lines.first ?? "").components(separatedBy: " ") }
    var method: String { words[0] }
    var target: String { words.count > 1 ? words[1] : "" }
    private var url: URLComponents? { URLComponents(string: target) }

    /// `host:port` of whom it is meant for.
    var authority: String {
        if method == "CONNECT" { return target }
        return "\(url?.host ?? ""):\(url?.port ?? 80)"
    }

    /// The same with a path alone, and one request a connection.
    var forOrigin: [UInt8] {
        let afterScheme = target.range(of: "://").map { target[$0.upperBound...] } ?? target[...]
        let path = afterScheme.drop { $0 != "/" }
        let kept = lines.dropFirst().filter { !$0.lowercased().hasPrefix("proxy-") }
        let all = ["\(method) \(path.isEmpty ? "/" : path) HTTP/1.1"] + kept + ["Connection: close"]
        return Array((all.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}

extension LocalSocket {
    /// The last that is said; what the other side still sends is read, so that it hears this.
    fileprivate func end(_ bytes: [UInt8]) {
        write(bytes)
        shutdown(descriptor, Int32(SHUT_WR))
        while !read(limit: 65_536).isEmpty {}
    }
}
