// SPDX-License-Identifier: Apache-2.0

/// Where an agent listens: `HOST:PORT` or `[v6]:PORT`. The host is a DNS name or an address; it is no identity.
public struct AgentAddress: Sendable, Hashable, CustomStringConvertible {
    /// Without brackets.
    public let host: String
    public let port: Int

    /// - Returns: nil unless `text` has a host and a port from 1 to 65535.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            (1...65_535).contains(port), let host = Self.host(String(text[..<colon]))
        else { return nil }
        self.host = host
        self.port = port
    }

    public var description: String { "\(isIPv6 ? "[\(host)]" : host):\(port)" }

    /// Whether a socket can be bound to the host as it stands, without asking DNS.
    public var isNumeric: Bool { isIPv6 || Self.isIPv4(host) }

    var isIPv6: Bool { host.contains(":") }

    private static func host(_ text: String) -> String? {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = text.dropFirst().dropLast()
            let isAddress =
                inner.contains(":")
                && inner.allSatisfy { $0.isASCII && $0.isHexDigit || $0 == ":" || $0 == "." }
            return isAddress ? String(inner) : nil
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        return isName ? text : nil
    }

    private static func isIPv4(_ text: String) -> Bool {
        let fields = text.split(separator: ".", omittingEmptySubsequences: false)
        return fields.count == 4 && fields.allSatisfy { UInt8($0) != nil }
    }
}
