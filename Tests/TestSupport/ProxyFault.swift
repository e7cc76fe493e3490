// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a `FaultyProxy` does to a request or its answer.
public enum ProxyFault: Sendable {
    /// Answers itself and passes nothing on. The text is a whole HTTP answer: see `answer(status:body:)`.
    case answer(String)

    /// Answers itself what the closure makes of method and body; the text is a whole HTTP answer.
    case handle(@Sendable (_ method: String, _ body: String) -> String)

    /// Passes `after` bytes of the request's body on, then cuts both connections.
    case cutRequest(after: Int)

    /// Passes `after` bytes of the answer on, head included, then cuts. 0: the server has acted, nobody learns of it.
    case cutAnswer(after: Int)

    /// Passes everything on, with one header of the answer changed, or gone where the closure gives nil.
    case changeHeader(String, @Sendable (String) -> String?)

    /// Passes the request on and gives this answer instead of the server's: the server has acted, and it looks as if not.
    case answerInstead(String)

    /// Passes `after` bytes of the answer on, head included, then is silent until the client gives up.
    case stallAnswer(after: Int)

    /// Passes nothing on and cuts both connections.
    case cutConnection

    /// Passes the head and half of the body of the answer on, or half of the head where there is no body, then cuts.
    case halveAnswer

    /// Turns the lowest bit of one byte of the request's body.
    case flipRequest(at: Int)

    /// Turns the lowest bit of one byte of the answer's body.
    case flipAnswer(at: Int)

    /// The same at a place that differs each time, whatever the body's length; the same places in each test.
    case flipAnswerSomewhere

    /// Passes nothing on, now or later, and is silent until the client is gone.
    case holdRequest

    /// Waits before the request is passed on.
    case delay(Duration)

    /// Passes the store's answer on with one more header, `name: value`.
    case addHeader(String)

    /// Where the store answers 404, answers this instead: a whole HTTP answer.
    case hideMissing(String)

    /// An answer of the proxy's own.
    public static func answer(status: Int, headers: [String] = [], body: String = "") -> ProxyFault {
        let lines = ["HTTP/1.1 \(status) Fault", "Content-Length: \(body.utf8.count)"] + headers
        return .answer(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// An S3 error after the store has done what was asked.
    public static func errorAfterwards(status: Int, code: String) -> ProxyFault {
        guard case .answer(let text) = error(status: status, code: code) else { return .cutAnswer(after: 0) }
        return .answerInstead(text)
    }

    /// An S3 error.
    public static func error(status: Int, code: String, headers: [String] = []) -> ProxyFault {
        answer(
            status: status, headers: headers,
            body:
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code><Message>said the proxy</Message>"
                + "<RequestId>PROXY</RequestId></Error>")
    }
}

/// Which requests a fault meets, and how often.
struct ProxyRule {
    let fault: ProxyFault
    let method: String?
    let target: String
    /// One of these headers is in the request; empty: whatever is.
    let headers: [String]
    var skip: Int
    var times: Int
    /// Strikes each so many-th of those that it meets.
    var every = 1
    private var metCount = 0

    init(
        fault: ProxyFault, method: String?, target: String, headers: [String], skip: Int, times: Int,
        every: Int
    ) {
        self.fault = fault
        self.method = method
        self.target = target
        self.headers = headers
        self.skip = skip
        self.times = times
        self.every = every
    }

    /// Whether the fault strikes this request; counts it.
    mutating func strikes(_ head: ProxyHead) -> Bool {
        guard times > 0, method == nil || method == head.method,
            target.isEmpty || head.target.contains(target),
            headers.isEmpty || headers.contains(where: { head.header($0) != nil })
        else {
            return false
        }
        if skip > 0 {
            skip -= 1
            return false
        }
        metCount += 1
        guard metCount.isMultiple(of: every) else { return false }
        times -= 1
        return true
    }
}

/// The head of a request or an answer.
struct ProxyHead {
    let bytes: [UInt8]
    private let lines: [Substring]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
    }

    /// The same with one header changed, or without it; its name in lower case.
    func changing(_ name: String, _ change: (String) -> String?) -> [UInt8] {
        let changed = lines.compactMap { line -> String? in
            guard line.lowercased().hasPrefix("\(name):") else { return String(line) }
            return change(line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces))
                .map { "\(line.prefix(name.count)): \($0)" }
        }
        return Array((changed.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    var method: String { word(0) }
    var target: String { word(1) }
    var status: Int { Int(word(1)) ?? 0 }
    var isChunked: Bool { header("transfer-encoding") == "chunked" }
    var contentLength: Int { header("content-length").flatMap { Int($0) } ?? 0 }
    var closesConnection: Bool { header("connection")?.lowercased() == "close" }

    /// The same with one more header.
    func bytes(with header: String) -> [UInt8] { bytes.dropLast(2) + Array("\(header)\r\n\r\n".utf8) }

    private func word(_ index: Int) -> String {
        let words = lines.first?.split(separator: " ") ?? []
        return index < words.count ? String(words[index]) : ""
    }

    /// In lower case, as its name is to be.
    func header(_ name: String) -> String? { value(of: name)?.lowercased() }

    /// A header's value as it stands.
    func value(of name: String) -> String? {
        lines.dropFirst().first { $0.lowercased().hasPrefix("\(name):") }
            .map { String($0.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) }
    }
}
