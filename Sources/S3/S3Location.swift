// SPDX-License-Identifier: Apache-2.0

/// Where a bucket is and how it is addressed.
public struct S3Location: Sendable, Hashable {
    /// The bucket's name.
    public let bucket: String

    /// The region that requests are signed for, e.g. `us-east-1`.
    public let region: String

    /// `https://host[:port]` as configured; nil: AWS.
    public let endpoint: String?

    /// Where the bucket's name stands in the URL.
    public let addressing: S3Addressing

    /// PEM file of the authority of an https endpoint; nil: the system's authorities.
    public let authority: String?

    /// What stands before the bucket in every path, e.g. `/objects`; empty: nothing.
    public let servicePath: String

    let server: S3Server

    /// A bucket; by default addressed virtual-host style on AWS and path style elsewhere.
    ///
    /// An `endpoint` without a scheme means https. A bucket with a dot in its name on AWS is addressed path style,
    /// because the certificate's `*` stands for one label only.
    ///
    /// - Throws: `S3Error.invalidLocation` for an empty bucket or region, or an endpoint that is more than scheme,
    ///   host and port.
    public init(
        bucket: String, region: String = "us-east-1", endpoint: String? = nil,
        addressing: S3Addressing? = nil,
        authority: String? = nil, servicePath: String = ""
    ) throws(S3Error) {
        guard !bucket.isEmpty, !bucket.utf8.contains(UInt8(ascii: "/")) else {
            throw .invalidLocation("'\(bucket)' is no bucket's name")
        }
        guard !region.isEmpty else { throw .invalidLocation("the region of bucket '\(bucket)' is empty") }
        self.bucket = bucket
        self.region = region
        self.endpoint = endpoint
        self.authority = authority
        let trimmed = servicePath.split(separator: "/").joined(separator: "/")
        self.servicePath = trimmed.isEmpty ? "" : "/\(trimmed)"
        let styleOfAWS: S3Addressing = bucket.contains(".") ? .path : .virtualHost
        self.addressing = addressing ?? (endpoint == nil ? styleOfAWS : .path)
        server = try S3Server(endpoint ?? Self.endpointOfAWS("s3", region))
    }

    /// What messages name: the endpoint as configured, or AWS's own for the region.
    public var endpointName: String { server.url(host: server.host) }

    /// What requests go to.
    var host: String { addressing == .path ? server.host : "\(bucket).\(server.host)" }

    static func endpointOfAWS(_ service: String, _ region: String) -> String {
        "https://\(service).\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
    }
}

/// Where the bucket's name stands in a URL.
public enum S3Addressing: String, Sendable, Hashable {
    /// `https://host/bucket/key`
    case path

    /// `https://bucket.host/key`
    case virtualHost
}

/// Scheme, host and port of an endpoint.
struct S3Server: Sendable, Hashable {
    let isEncrypted: Bool
    let host: String
    let port: Int?

    init(_ endpoint: String) throws(S3Error) {
        let (scheme, rest) = Self.split(endpoint)
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard let isEncrypted = ["https": true, "http": false][scheme],
            let (host, port) = Self.hostAndPort(authority)
        else {
            throw .invalidLocation("endpoint '\(endpoint)' is not of the form https://host[:port]")
        }
        self.isEncrypted = isEncrypted
        self.host = host
        self.port = port == (isEncrypted ? 443 : 80) ? nil : port
    }

    /// Nobody but this machine can read what is sent there.
    var isLoopback: Bool { host == "localhost" || host == "[::1]" || host.isLoopbackAddress }

    /// The value of the header `Host` as libcurl sends it, and so as it is signed: without the scheme's own port.
    func hostHeader(_ host: String) -> String {
        port.map { "\(host):\($0)" } ?? host
    }

    func url(host: String) -> String {
        (isEncrypted ? "https://" : "http://") + hostHeader(host)
    }

    private static func split(_ endpoint: String) -> (scheme: String, rest: Substring) {
        guard let mark = endpoint.firstRange(of: "://") else { return ("https", endpoint[...]) }
        return (endpoint[..<mark.lowerBound].lowercased(), endpoint[mark.upperBound...])
    }

    private static func hostAndPort(_ authority: Substring) -> (host: String, port: Int?)? {
        let allowed = authority.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"),
                UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
        guard allowed, !authority.isEmpty else { return nil }
        let endOfHost =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]") ?? authority.endIndex : authority.startIndex
        guard let colon = authority[endOfHost...].firstIndex(of: ":") else {
            return (authority.lowercased(), nil)
        }
        guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port),
            colon > authority.startIndex
        else { return nil }
        return (authority[..<colon].lowercased(), port)
    }
}

extension String {
    /// 127.0.0.0/8 in four numbers.
    fileprivate var isLoopbackAddress: Bool {
        let numbers = split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        return numbers.count == 4 && numbers[0] == 127 && split(separator: ".").count == 4
    }
}
