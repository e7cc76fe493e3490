// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The plainest HTTP there is, for asking a server on 127.0.0.1 whether it is there.
public enum LocalHTTP {
    /// Sends one request on a connection of its own; nil if there was no answer.
    public static func send(
        _ method: String, port: Int, path: String, body: String = ""
    ) async -> (status: Int, body: String)? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: exchange(method, port: port, path: path, body: body))
            }
        }
    }

    private static func exchange(
        _ method: String, port: Int, path: String, body: String
    ) -> (status: Int, body: String)? {
        guard let socket = LocalSocket.connected(to: port) else { return nil }
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        socket.write(Array(request.utf8))
        var answer: [UInt8] = []
        while true {
            let bytes = socket.read(limit: 65_536)
            if bytes.isEmpty { break }
            answer += bytes
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
            let end = text.range(of: "\r\n\r\n")
        else { return nil }
        return (status, String(text[end.upperBound...]))
    }
}

extension LocalHTTP {
    /// Nobody listens on the port.
    public static func isClosed(_ port: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: LocalSocket.connected(to: port) == nil)
            }
        }
    }
}
