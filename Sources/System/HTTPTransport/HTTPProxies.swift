// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The proxies that an environment names, read as AWS's own command reads them.
///
/// `http_proxy`, `https_proxy` and `no_proxy`, in either case; the lower case wins, also when it is empty. `ALL_PROXY` is
/// not read. Without `no_proxy` everything goes through the proxy, this machine's own addresses too.
/// Source: botocore 1.43 `utils.get_environ_proxies`, which is Python's `urllib.request.getproxies_environment` and
/// `proxy_bypass_environment`. Networks (`10.0.0.0/8`) in `no_proxy` are more than it knows; who writes one means it.
public struct HTTPProxies: Sendable {
    /// No proxy, whatever is asked for.
    public static let none = HTTPProxies(environment: [:])

    private typealias Setting = (variable: String, value: String)

    private let http: Setting?
    private let https: Setting?
    private let exceptions: ProxyExceptions

    /// What `environment` names.
    public init(environment: [String: String]) {
        var settings: [String: Setting] = [:]
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            if let kind = Self.kind(name.lowercased()) { settings[kind] = (name, value) }
        }
        // A web server gives its programs the client's header `Proxy` by this name.
        if environment["REQUEST_METHOD"] != nil { settings["http"] = nil }
        for (name, value) in environment {
            if let kind = Self.kind(name) { settings[kind] = value.isEmpty ? nil : (name, value) }
        }
        http = settings["http"]
        https = settings["https"]
        exceptions = ProxyExceptions(settings["no"]?.value ?? "")
    }

    /// The proxy on the way to a server; nil: straight.
    ///
    /// - Parameter port: nil: the scheme's own.
    /// - Throws: where the variable that counts names none that can be used.
    public func proxy(toHost host: String, port: Int?, isEncrypted: Bool) throws(HTTPProxyFault) -> HTTPProxy?
    {
        guard let setting = isEncrypted ? https : http,
            !exceptions.cover(host: host, port: port ?? (isEncrypted ? 443 : 80))
        else { return nil }
        return try HTTPProxy(variable: setting.variable, value: setting.value)
    }

    /// `http` of `http_proxy`; nil for another variable.
    private static func kind(_ name: String) -> String? {
        switch name.hasSuffix("_proxy") ? name.dropLast(6).lowercased() : "" {
        case "http": "http"
        case "https": "https"
        case "no": "no"
        default: nil
        }
    }
}

/// `no_proxy`: names with everything below them, addresses and networks, each with a port or without.
private struct ProxyExceptions: Sendable {
    private let entries: [String]

    init(_ text: String) {
        entries = text.split(separator: ",").map { entry in
            let blanks: Set<Character> = [" ", "\t"]
            let trimmed = entry.drop { blanks.contains($0) }
            return trimmed.prefix(trimmed.count - trimmed.reversed().prefix { blanks.contains($0) }.count)
                .lowercased()
        }.filter { !$0.isEmpty }
    }

    /// - Parameter host: as in a URL, an IPv6 address in brackets.
    func cover(host: String, port: Int) -> Bool {
        if entries == ["*"] { return true }
        let host = host.lowercased()
        let names = [host, "\(host):\(port)"]
        let address = Self.address(host)
        return entries.contains { entry in
            let name = String(entry.drop { $0 == "." })
            if names.contains(where: { $0 == name || $0.hasSuffix(".\(name)") }) { return true }
            guard let address else { return false }
            return Self.network(entry, covers: address)
        }
    }

    /// The bytes of an address, with or without brackets.
    private static func address(_ text: String) -> [UInt8]? {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, bare, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func network(_ entry: String, covers address: [UInt8]) -> Bool {
        let fields = entry.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard let base = Self.address(fields[0]), base.count == address.count else { return false }
        guard fields.count > 1 else { return base == address }
        guard let bits = Int(fields[1]), (0...base.count * 8).contains(bits) else { return false }
        return (0..<bits).allSatisfy { bit in
            let mask = UInt8(0x80) >> (bit % 8)
            return base[bit / 8] & mask == address[bit / 8] & mask
        }
    }
}
