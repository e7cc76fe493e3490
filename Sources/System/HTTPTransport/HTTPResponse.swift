// SPDX-License-Identifier: Apache-2.0

/// A complete answer.
public struct HTTPResponse: Sendable {
    /// Status and headers.
    public let head: HTTPResponseHead

    /// The body; empty where it went into a block.
    public let body: [UInt8]

    /// Bytes of the body, wherever it went.
    public let bodyByteCount: Int

    /// The status code, 100 to 599.
    public var status: Int { head.status }

    /// The first value of a header, its name compared without case.
    public func header(_ name: String) -> String? { head.header(name) }

    /// The server's clock when it answered, in seconds since 1970: header `Date`.
    public var date: Int64? { head.date }
}

/// What precedes the body of an answer.
public struct HTTPResponseHead: Sendable {
    /// The status code, 100 to 599.
    public internal(set) var status = 0

    /// Every header as sent, in order.
    public internal(set) var headers: [(name: String, value: String)] = []

    /// The first value of a header, its name compared without case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }

    /// The server's clock when it answered, in seconds since 1970: header `Date`.
    public var date: Int64? {
        header("Date").flatMap(HTTPDate.secondsSince1970)
    }

    /// Takes one line as libcurl hands it over, its line end included.
    ///
    /// A status line begins anew: an interim answer (100 Continue) is followed by the real one.
    mutating func take(line: String) {
        let line = line.trimmingLineEnd
        if line.hasPrefix("HTTP/") {
            let fields = line.split(separator: " ", maxSplits: 2)
            status = fields.count > 1 ? Int(fields[1]) ?? 0 : 0
            headers = []
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            headers.append((String(line[..<colon]), value.trimmingBlanks))
        }
    }
}

extension StringProtocol {
    fileprivate var trimmingLineEnd: String {
        String(self.prefix { $0 != "\r\n" && $0 != "\r" && $0 != "\n" })
    }

    fileprivate var trimmingBlanks: String {
        let start = drop { $0 == " " || $0 == "\t" }
        var end = start.endIndex
        while end > start.startIndex {
            let before = start.index(before: end)
            guard start[before] == " " || start[before] == "\t" else { break }
            end = before
        }
        return String(start[start.startIndex..<end])
    }
}
