// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A real HTTP server on 127.0.0.1 whose answers the test decides: for services that only AWS has. It lives as long as
/// the test process.
public final class AnsweringServer: Sendable {
    /// One request, whole.
    public struct Request: Sendable {
        public let method: String
        /// Path and query as sent.
        public let target: String
        /// By lower-case name.
        public let headers: [String: String]
        public let body: String
    }

    /// What the server says.
    public struct Answer: Sendable {
        let status: Int
        let headers: [String]
        let body: String

        public init(_ status: Int = 200, headers: [String] = [], _ body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    private let listener: LocalSocket
    private let answer: @Sendable (Request) -> Answer?
    private let log = Mutex<[Request]>([])

    /// `http://127.0.0.1:port`
    public var endpoint: String { "http://127.0.0.1:\(listener.port)" }

    /// Everything asked so far.
    public var requests: [Request] { log.withLock { $0 } }

    /// Listens from now on; nil as an answer is silence.
    public init(_ answer: @escaping @Sendable (Request) -> Answer?) throws {
        guard let listener = LocalSocket.listening(on: 0) else { throw POSIXError(.EADDRINUSE) }
        self.listener = listener
        self.answer = answer
        Thread.detachNewThread {
            while let client = listener.accepted() {
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    private func serve(_ client: LocalSocket) {
        var buffer: [UInt8] = []
        while let request = Self.next(client, &buffer) {
            log.withLock { $0.append(request) }
            guard let answer = answer(request) else {
                while !client.read(limit: 4096).isEmpty {}
                return
            }
            let lines =
                ["HTTP/1.1 \(answer.status) Answer", "Content-Length: \(answer.body.utf8.count)"]
                + answer.headers
            client.write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + answer.body).utf8))
        }
    }

    private static func next(_ client: LocalSocket, _ buffer: inout [UInt8]) -> Request? {
        let mark = Array("\r\n\r\n".utf8)
        while buffer.firstRange(of: mark) == nil {
            let bytes = client.read(limit: 65_536)
            if bytes.isEmpty { return nil }
            buffer += bytes
        }
        guard let end = buffer.firstRange(of: mark)?.upperBound else { return nil }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
        buffer.removeFirst(end)
        let words = lines[0].split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < length {
            let bytes = client.read(limit: 65_536)
            if bytes.isEmpty { return nil }
            buffer += bytes
        }
        defer { buffer.removeFirst(length) }
        return Request(
            method: words[0], target: words.count > 1 ? words[1] : "", headers: headers,
            body: String(decoding: buffer.prefix(length), as: UTF8.self))
    }
}
