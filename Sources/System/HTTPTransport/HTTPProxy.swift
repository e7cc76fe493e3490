// SPDX-License-Identifier: Apache-2.0

import Secret

/// An HTTP proxy, with what opens it.
public struct HTTPProxy: Sendable, Hashable {
    /// `http://host:port`: what messages call it. Never with a password.
    public let name: String

    /// Who named it: a variable of the environment, a device property.
    public let origin: String

    /// Both.
    public var label: String { "\(name) (\(origin))" }

    /// User and password of its URL; nil: it asks for none.
    let login: Login?

    struct Login: Sendable, Hashable {
        let user: Secret
        let password: Secret
    }

    /// What Amanda's `PROXY` says, as libcurl reads it there: `[scheme://][user:password@]host[:port]`, port 1080 by default.
    public init(property: String, origin: String) {
        let (scheme, rest) = Self.splitScheme(property)
        let (login, host) = Self.splitLogin(rest)
        name = (scheme.map { "\($0)://" } ?? "") + host
        self.login = login
        self.origin = origin
    }

    /// What a variable of the environment says, as AWS's own command reads it: `[http[s]://][user:password@]host[:port]`.
    ///
    /// - Throws: for what names no such proxy.
    init(variable: String, value: String) throws(HTTPProxyFault) {
        let (scheme, rest) = Self.splitScheme(value)
        let kind = scheme?.lowercased() ?? "http"
        guard let standardPort = ["http": 80, "https": 443][kind] else {
            throw HTTPProxyFault(variable: variable, reason: "proxies of scheme '\(kind)' are not used")
        }
        let (login, address) = Self.splitLogin(rest)
        guard let (host, port) = Self.hostAndPort(address) else {
            throw HTTPProxyFault(variable: variable, reason: "it does not name a host and a port")
        }
        name = "\(kind)://\(host):\(port ?? standardPort)"
        self.login = login
        origin = variable
    }

    private static func splitScheme(_ text: String) -> (scheme: String?, rest: Substring) {
        guard let mark = text.firstRange(of: "://"), text[..<mark.lowerBound].allSatisfy(\.isSchemeCharacter)
        else {
            return (nil, text.hasPrefix("//") ? text.dropFirst(2) : text[...])
        }
        return (
            mark.lowerBound == text.startIndex ? nil : String(text[..<mark.lowerBound]),
            text[mark.upperBound...]
        )
    }

    /// A password may hold anything but an at sign, percent-encoded or not.
    private static func splitLogin(_ text: Substring) -> (login: Login?, host: String) {
        let mark = text.lastIndex(of: "@")
        let host = text[(mark.map(text.index(after:)) ?? text.startIndex)...].prefix { $0 != "/" }
        guard let mark else { return (nil, String(host)) }
        let fields = text[..<mark].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (
            Login(
                user: Secret(percentDecoded(fields[0])),
                password: Secret(fields.count > 1 ? percentDecoded(fields[1]) : "")), String(host)
        )
    }

    private static func percentDecoded(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func hostAndPort(_ text: String) -> (host: String, port: Int?)? {
        let afterAddress = text.hasPrefix("[") ? text.firstIndex(of: "]") : text.startIndex
        guard let afterAddress, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        guard let colon = text[afterAddress...].firstIndex(of: ":") else {
            return text.isEmpty ? nil : (text, nil)
        }
        let port = text[text.index(after: colon)...]
        guard colon > text.startIndex else { return nil }
        if port.isEmpty { return (String(text[..<colon]), nil) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
            (1...65_535).contains(number)
        else { return nil }
        return (String(text[..<colon]), number)
    }
}

extension Character {
    fileprivate var isSchemeCharacter: Bool { isASCII && (isLetter || isNumber || self == "+") }
}

/// A variable of the environment that names a proxy which cannot be used. Its value may hold a password and is not shown.
public struct HTTPProxyFault: Fault, Equatable {
    let variable: String
    let reason: String

    public var facts: String { "the environment's \(variable) cannot be used as a proxy: \(reason)" }
    public var hint: String? { "write \(variable)=http://host:port, or leave it out." }
}
