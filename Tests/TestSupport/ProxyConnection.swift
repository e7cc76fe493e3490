// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One client's connection through a `FaultyProxy` that understands HTTP: request after request, each with its fault.
final class ProxyConnection: @unchecked Sendable {
    private let client: LocalSocket
    private let server: LocalSocket
    private let proxy: FaultyProxy
    private var fromClient: [UInt8] = []
    private var fromServer: [UInt8] = []

    /// Used by the thread that calls `run`, and by no other.
    init(client: LocalSocket, server: LocalSocket, proxy: FaultyProxy) {
        self.client = client
        self.server = server
        self.proxy = proxy
    }

    func run() {
        while let request = head(of: client, &fromClient) {
            let fault = proxy.fault(
                for: request, body: proxy.readsBody(of: request) ? peek(request.contentLength) : [])
            if case .answer(let text) = fault {
                _ = body(of: client, &fromClient, count: request.contentLength) { _ in true }
                client.write(Array(text.utf8))
                continue
            }
            if case .handle(let answer) = fault {
                var received: [UInt8] = []
                _ = body(of: client, &fromClient, count: request.contentLength) { bytes in
                    received += bytes
                    return true
                }
                client.write(Array(answer(request.method, String(decoding: received, as: UTF8.self)).utf8))
                continue
            }
            if case .holdRequest = fault {
                while proxy.isOpen(client), !client.read(limit: 65_536).isEmpty {}
                return
            }
            if case .cutConnection = fault {
                client.cut()
                return
            }
            if case .delay(let delay) = fault { Thread.sleep(forTimeInterval: delay / .seconds(1)) }
            guard passRequest(request, fault), passAnswer(to: request, fault) else { return }
        }
    }

    /// False: the connection is over. A server that closes early may still have answered.
    private func passRequest(_ head: ProxyHead, _ fault: ProxyFault?) -> Bool {
        _ = proxy.pass(head.bytes, to: server)
        var passed = 0
        return body(of: client, &fromClient, count: head.contentLength) { bytes in
            var bytes = bytes
            if case .flipRequest(let index) = fault { Self.flip(&bytes, index - passed) }
            if case .cutRequest(let limit) = fault, passed + bytes.count >= limit {
                _ = self.proxy.pass(Array(bytes.prefix(limit - passed)), to: self.server)
                return false
            }
            passed += bytes.count
            _ = self.proxy.pass(bytes, to: self.server)
            return true
        }
    }

    /// False: the connection is over.
    private func passAnswer(to request: ProxyHead, _ fault: ProxyFault?) -> Bool {
        guard let head = head(of: server, &fromServer) else { return false }
        if head.status >= 200, case .answerInstead(let text) = fault {
            // What is left of the server's own answer goes with its connection.
            client.write(Array(text.utf8))
            return false
        }
        if case .hideMissing(let text) = fault, head.status == 404 {
            client.write(Array(text.utf8))
            let count = request.method == "HEAD" ? 0 : head.contentLength
            return body(of: server, &fromServer, count: count) { _ in true } && !head.isChunked
        }
        let budget = AnswerBudget(fault, head, hasBody: request.method != "HEAD")
        let bytes =
            switch fault {
            case .addHeader(let header): head.bytes(with: header)
            case .changeHeader(let name, let change): head.changing(name, change)
            default: head.bytes
            }
        guard passAnswer(bytes, budget) else { return false }
        if head.status < 200 { return passAnswer(to: request, fault) }
        if request.method == "HEAD" || head.status == 204 || head.status == 304 {
            return !head.closesConnection
        }
        if head.isChunked { return passChunks(budget, fault) }
        let flipped = proxy.flippedByte(fault, of: head.contentLength)
        var passed = 0
        let isWhole = body(of: server, &fromServer, count: head.contentLength) { bytes in
            var bytes = bytes
            if let flipped { Self.flip(&bytes, flipped - passed) }
            passed += bytes.count
            return self.passAnswer(bytes, budget)
        }
        return isWhole && !head.closesConnection
    }

    /// Of a body in chunks a bit turns in the first.
    private func passChunks(_ budget: AnswerBudget, _ fault: ProxyFault?) -> Bool {
        var isFirst = true
        while let line = line(of: server, &fromServer) {
            guard passAnswer(line, budget) else { return false }
            let size = String(decoding: line, as: UTF8.self).prefix { $0.isHexDigit }
            guard let count = Int(size, radix: 16) else { return false }
            let flipped = isFirst ? proxy.flippedByte(fault, of: count) : nil
            isFirst = false
            var passed = 0
            let isWhole = body(of: server, &fromServer, count: count + 2) { bytes in
                var bytes = bytes
                if let flipped { Self.flip(&bytes, flipped - passed) }
                passed += bytes.count
                return self.passAnswer(bytes, budget)
            }
            guard isWhole else { return false }
            if count == 0 { return true }
        }
        return false
    }

    /// How much of the answer may pass, and what happens then.
    private final class AnswerBudget {
        var left: Int?
        let isStall: Bool

        init(_ fault: ProxyFault?, _ head: ProxyHead, hasBody: Bool) {
            switch fault {
            case .halveAnswer where head.isChunked: (left, isStall) = (head.bytes.count + 10, false)
            case .halveAnswer where hasBody && head.contentLength > 0:
                (left, isStall) = (head.bytes.count + head.contentLength / 2, false)
            case .halveAnswer: (left, isStall) = (head.bytes.count / 2, false)
            case .cutAnswer(let limit): (left, isStall) = (limit, false)
            case .stallAnswer(let limit): (left, isStall) = (limit, true)
            default: (left, isStall) = (nil, false)
            }
        }
    }

    private func passAnswer(_ bytes: [UInt8], _ budget: AnswerBudget) -> Bool {
        guard let left = budget.left else { return proxy.pass(bytes, to: client) }
        if bytes.count < left {
            budget.left = left - bytes.count
            return proxy.pass(bytes, to: client)
        }
        _ = proxy.pass(Array(bytes.prefix(left)), to: client)
        if budget.isStall {
            while proxy.isOpen(client), !client.read(limit: 65_536).isEmpty {}
        }
        return false
    }

    private static func flip(_ bytes: inout [UInt8], _ index: Int) {
        if bytes.indices.contains(index) { bytes[index] ^= 1 }
    }
}

// Reading.
extension ProxyConnection {
    /// Up to and with the empty line; nil if the connection ended before.
    private func head(of socket: LocalSocket, _ buffer: inout [UInt8]) -> ProxyHead? {
        let mark = Array("\r\n\r\n".utf8)
        while true {
            if let end = buffer.firstRange(of: mark)?.upperBound {
                defer { buffer.removeFirst(end) }
                return ProxyHead(Array(buffer[..<end]))
            }
            guard fill(&buffer, from: socket) else { return nil }
        }
    }

    /// The request's body, which stays to be read.
    private func peek(_ count: Int) -> [UInt8] {
        while fromClient.count < count, fill(&fromClient, from: client) {}
        return Array(fromClient.prefix(count))
    }

    private func line(of socket: LocalSocket, _ buffer: inout [UInt8]) -> [UInt8]? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                defer { buffer.removeFirst(end + 1) }
                return Array(buffer[...end])
            }
            guard fill(&buffer, from: socket) else { return nil }
        }
    }

    /// Hands `count` bytes over piece by piece; false if they did not all come or the taker had enough.
    private func body(
        of socket: LocalSocket, _ buffer: inout [UInt8], count: Int, _ take: ([UInt8]) -> Bool
    ) -> Bool {
        var left = count
        while left > 0 {
            if buffer.isEmpty, !fill(&buffer, from: socket) { return false }
            let piece = Array(buffer.prefix(left))
            buffer.removeFirst(piece.count)
            left -= piece.count
            guard take(piece) else { return false }
        }
        return true
    }

    private func fill(_ buffer: inout [UInt8], from socket: LocalSocket) -> Bool {
        let bytes = socket.read(limit: 65_536)
        buffer += bytes
        return !bytes.isEmpty
    }
}
