// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secret
import TestSupport
import Testing

@testable import HTTPTransport

/// Which proxy an environment names for which server: as Python's library says it, which AWS's own command asks.
@Suite(.timeLimit(.minutes(1))) struct HTTPProxiesTests {
    struct Case: Codable, Sendable {
        let environment: [String: String]
        let url: String
    }

    private static let proxy = "http://p:3128"

    static let cases: [Case] = {
        let environments: [[String: String]] = [
            [:],
            ["http_proxy": proxy],
            ["https_proxy": proxy],
            ["HTTPS_PROXY": proxy, "HTTP_PROXY": "http://q:8080"],
            ["https_proxy": "http://lower:1", "HTTPS_PROXY": "http://upper:2"],
            ["https_proxy": "", "HTTPS_PROXY": "http://upper:2"],
            ["HTTP_PROXY": proxy, "REQUEST_METHOD": "GET"],
            ["http_proxy": proxy, "REQUEST_METHOD": "GET"],
            ["ALL_PROXY": proxy, "all_proxy": proxy],
            ["Https_Proxy": proxy],
        ]
        let exceptions = [
            "", "*", "localhost, s3.example.com", ".example.com", "example.com", "EXAMPLE.com", "ample.com",
            "s3.example.com:9000", "s3.example.com:9001", "10.1.2.3", "10.1.2", "other.org,*",
            "*.example.com",
            " example.com\t,", ",,", "[fd00::1]", "127.0.0.1,localhost",
        ]
        let urls = [
            "http://s3.example.com:9000", "https://s3.example.com", "https://s3.example.com:9000",
            "http://10.1.2.3",
            "http://127.0.0.1:8333", "https://localhost", "https://backups.s3.example.com",
            "http://[fd00::1]:9000",
            "https://anotherexample.com", "http://example.com",
        ]
        let both = ["http_proxy": proxy, "https_proxy": proxy]
        let withExceptions =
            exceptions.flatMap { text in
                [both.merging(["no_proxy": text]) { $1 }, both.merging(["NO_PROXY": text]) { $1 }]
            } + [both.merging(["no_proxy": "", "NO_PROXY": "*"]) { $1 }]
        return (environments + withExceptions).flatMap { environment in
            urls.map { Case(environment: environment, url: $0) }
        }
    }()

    private static let oracle = """
        import json, os, sys, urllib.request
        from urllib.parse import urlparse
        answers = []
        for case in json.load(sys.stdin):
            os.environ.clear(); os.environ.update(case["environment"])
            url = urlparse(case["url"])
            none = urllib.request.proxy_bypass_environment(url.netloc)
            answers.append("" if none else urllib.request.getproxies_environment().get(url.scheme, ""))
        json.dump(answers, sys.stdout)
        """

    @Test(.enabled(if: RequiredTools.areUsable("python3")))
    func `every variable and exception counts as it does for AWS's own command`() throws {
        let directory = try TemporaryDirectory()
        let input = try directory.write(
            "cases.json", String(decoding: JSONEncoder().encode(Self.cases), as: UTF8.self))
        let program = Process()
        program.executableURL = URL(fileURLWithPath: try RequiredTools.path("python3"))
        program.arguments = ["-c", Self.oracle]
        program.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: input))
        let output = Pipe()
        program.standardOutput = output
        try program.run()
        let answers = try JSONDecoder().decode(
            [String].self, from: output.fileHandleForReading.readDataToEndOfFile())
        program.waitUntilExit()
        #expect(answers.count == Self.cases.count && answers.contains("") && answers.contains(Self.proxy))
        for (each, answer) in zip(Self.cases, answers) {
            #expect(try Self.proxy(each)?.name ?? "" == answer, "\(each)")
        }
    }

    private static func proxy(_ each: Case) throws -> HTTPProxy? {
        let url = try #require(URLComponents(string: each.url))
        var host = try #require(url.host)
        if host.contains(":"), !host.hasPrefix("[") { host = "[\(host)]" }
        return try HTTPProxies(environment: each.environment)
            .proxy(toHost: host, port: url.port, isEncrypted: url.scheme == "https")
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.2.3", true), ("10.0.0.0/8", "11.1.2.3", false),
        ("10.1.2.0/30", "10.1.2.3", true),
        ("10.1.2.0/31", "10.1.2.3", false), ("fd00::/8", "[fd12::7]", true), ("fd00::/8", "[fe80::7]", false),
        ("::1", "[::1]", true), ("0.0.0.0/0", "10.1.2.3", true), ("10.0.0.0/33", "10.1.2.3", false),
        ("10.0.0.0/8", "10.example.com", false), ("10.0.0.0/x", "10.1.2.3", false),
    ])
    func `a network is an exception too`(entry: String, host: String, isException: Bool) throws {
        let proxies = HTTPProxies(environment: ["http_proxy": Self.proxy, "no_proxy": "a.b, \(entry)"])
        #expect(try (proxies.proxy(toHost: host, port: 9000, isEncrypted: false) == nil) == isException)
    }

    @Test(arguments: [
        ("proxy.example.com", "http://proxy.example.com:80"), ("proxy:3128", "http://proxy:3128"),
        ("//proxy:3128", "http://proxy:3128"), ("http://proxy", "http://proxy:80"),
        ("HTTPS://proxy/", "https://proxy:443"), ("http://[::1]:3128/x", "http://[::1]:3128"),
        ("http://us%40er:p%3Ass@w:rd@proxy:3128", "http://proxy:3128"),
    ])
    func `a proxy's name has scheme, host and port, and no password`(value: String, name: String) throws {
        let found = try #require(
            try HTTPProxies(environment: ["https_proxy": value]).proxy(
                toHost: "s", port: nil, isEncrypted: true))
        #expect(found.name == name && found.origin == "https_proxy")
        #expect((found.login != nil) == value.contains("@"))
        if let login = found.login {
            #expect(login.user.plaintext == "us@er" && login.password.plaintext == "p:ss@w:rd")
        }
        for shown in ["\(found)", String(reflecting: found)] { #expect(!shown.contains("w:rd")) }
    }

    @Test(arguments: [
        "socks5://u:hidden@proxy:1080", "ftp://hidden", "http://", "http://u:hidden@", "http://proxy:0",
        "http://u:hidden@proxy:port", "http://:3128", "http://[::1:3128",
    ])
    func `what cannot be a proxy is refused without its value`(value: String) {
        #expect {
            try HTTPProxies(environment: ["HTTPS_PROXY": value]).proxy(
                toHost: "s", port: nil, isEncrypted: true)
        } throws: { error in
            "\(error)".hasPrefix("the environment's HTTPS_PROXY cannot be used as a proxy: ")
                && !"\(error)".contains("hidden")
        }
    }

    @Test func `Amanda's PROXY is what libcurl reads`() {
        let proxy = HTTPProxy(property: "user:pass@proxy", origin: "PROXY")
        #expect(proxy.name == "proxy" && proxy.login?.password.plaintext == "pass")
        #expect(HTTPProxy(property: "socks5://proxy:1", origin: "PROXY").name == "socks5://proxy:1")
    }
}
